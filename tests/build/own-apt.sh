# SPDX-License-Identifier: 0BSD OR MIT
# shellcheck shell=sh
# Debian packages of other releases than the machine's: an apt configuration
# with lists and downloads of its own below $cache, so that nothing of the
# machine's is changed. The mirror and the keyring are the machine's, so that
# signatures are checked.

keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# cache_folder NAME: prints and makes it
cache_folder()
{
	[ -n "${XDG_CACHE_HOME:-${HOME:-}}" ] || {
		echo "neither XDG_CACHE_HOME nor HOME is set" >&2
		return 1
	}
	folder=${XDG_CACHE_HOME:-$HOME/.cache}/liblandlock/$1
	mkdir -p "$folder/apt/lists/partial" "$folder/apt/cache/archives/partial" &&
		echo "$folder"
}

# Where the machine's own apt takes Debian from, in any format of its sources;
# machine_mirror -security: its security updates
machine_mirror()
{
	# shellcheck disable=SC1091
	codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	apt-get update --print-uris 2>/dev/null |
		sed -n "s|^'\([^']*\)/dists/$codename${1:-}/InRelease'.*|\1|p" |
		head -n 1
}

# Images for containers keep no cache of the lists: that takes 3 s for each question
own_apt()
{
	tool=$1
	shift
	# shellcheck disable=SC2154 # the caller's
	"$tool" -o Dir::Etc::SourceList="$cache/apt/sources.list" \
		-o Dir::Etc::SourceParts=/dev/null \
		-o Dir::Etc::Preferences=/dev/null \
		-o Dir::Etc::PreferencesParts=/dev/null \
		-o Dir::State::Lists="$cache/apt/lists" \
		-o Dir::Cache="$cache/apt/cache" \
		-o Dir::Cache::pkgcache=pkgcache.bin \
		-o Acquire::Languages=none -o Acquire::Retries=2 \
		-o Acquire::http::Timeout=30 -o APT::Sandbox::User=root \
		"$@"
}

# write_sources SUITE ...: a line for each, from the mirror that has it
write_sources()
{
	mirror=$(machine_mirror)
	security=$(machine_mirror -security)
	[ -n "$mirror" ] || {
		echo "no Debian mirror among apt's sources" >&2
		return 1
	}
	signed_by=
	[ ! -e "$keyring" ] || signed_by="[signed-by=$keyring] "
	for suite in "$@"; do
		case $suite in
		*-security) from=$security ;;
		*) from=$mirror ;;
		esac
		[ -z "$from" ] || echo "deb ${signed_by}$from $suite main"
	done >"$cache/apt/sources.list"
}

# update_lists SUITE ...
update_lists()
{
	write_sources "$@" &&
		own_apt apt-get update -qq -o APT::Update::Error-Mode=any >&2
}
