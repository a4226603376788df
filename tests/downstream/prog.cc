// SPDX-License-Identifier: 0BSD OR MIT
// The same as prog.c by a C++ program: prog ALLOWED DENIED
#include <liblandlock.h>
#include <liblandlock/sys.h>

#include <fstream>
#include <iostream>
#include <memory>
#include <string>

struct Free {
	void operator()(llk_ruleset *rs) const { llk_ruleset_free(rs); }
};

using Ruleset = std::unique_ptr<llk_ruleset, Free>;

static bool can_read(const std::string &path)
{
	return std::ifstream(path).is_open();
}

static bool restrict_to(const char *path)
{
	const Ruleset rs(llk_ruleset_new(LLK_V1, LLK_FS, 0));
	const char *const paths[] = {path, nullptr};
	std::string why(512, '\0');

	llk_ruleset_allow_paths(rs.get(), LLK_READ, paths);
	if (llk_ruleset_restrict_self(rs.get(), 0) == LLK_ENFORCED)
		return true;
	llk_ruleset_explain(rs.get(), why.data(), why.size());
	std::cerr << "prog: " << why.c_str() << '\n';

	return false;
}

int main(int argc, char *argv[])
{
	if (argc != 3)
		return 2;
	if (llk_sys_create_ruleset(nullptr, 0, LLK_SYS_CREATE_RULESET_VERSION) < 0) {
		std::cerr << "this kernel has no Landlock\n";
		return 77;
	}
	if (!can_read(argv[1]) || !can_read(argv[2]))
		return 1;
	if (!restrict_to(argv[1]))
		return 1;

	return can_read(argv[1]) && !can_read(argv[2]) ? 0 : 1;
}
