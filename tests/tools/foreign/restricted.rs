// SPDX-License-Identifier: 0BSD OR MIT

//! Restricts a thread by the landlock crate, and tries what that denies beside
//! what it allows. Each try has a path of its own, and says how it went.
//! usage: restricted-rust FOLDER, in which are ro, rw and outside
use landlock::{
    path_beneath_rules, Access, AccessFs, AccessNet, NetPort, RestrictionStatus, Ruleset,
    RulesetAttr, RulesetCreatedAttr, RulesetError, Scope, ABI,
};
use std::io::{Error, ErrorKind, Result};
use std::{env, fs, net::TcpStream, os::unix::process::parent_id, process, sync::mpsc, thread};

fn attempt<T>(name: &str, result: Result<T>) {
    let outcome = if result.is_ok() { "allowed" } else { "denied" };
    println!("{outcome} {name}");
}

fn attempt_to_read(path: String) {
    attempt(&format!("read {path}"), fs::read(path));
}

fn attempt_to_write(path: String) {
    attempt(&format!("write {path}"), fs::write(path, ""));
}

fn attempt_to_create_dir(path: String) {
    attempt(&format!("mkdir {path}"), fs::create_dir(path));
}

/// What denies a connection is not its peer
fn attempt_to_connect(port: u16) {
    let result = match TcpStream::connect(("127.0.0.1", port)) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Err(error),
        _ => Ok(()),
    };
    attempt(&format!("connect {port}"), result);
}

fn attempt_to_signal(name: &str, process: u32) {
    let result = match unsafe { libc::kill(process as i32, 0) } {
        0 => Ok(()),
        _ => Err(Error::last_os_error()),
    };
    attempt(&format!("signal {name}"), result);
}

fn restrict(folder: &str) -> std::result::Result<RestrictionStatus, RulesetError> {
    let abi = ABI::V6;
    let readable = ["/usr".to_string(), format!("{folder}/ro")];
    let writable = [format!("{folder}/rw")];

    Ruleset::default()
        .handle_access(AccessFs::from_all(abi))?
        .handle_access(AccessNet::ConnectTcp)?
        .scope(Scope::Signal)?
        .create()?
        .add_rules(path_beneath_rules(readable, AccessFs::from_read(abi)))?
        .add_rules(path_beneath_rules(writable, AccessFs::from_all(abi)))?
        .add_rule(NetPort::new(10, AccessNet::ConnectTcp))?
        .restrict_self()
}

fn main() {
    let folder = env::args().nth(1).expect("a folder");
    let (begin, begun) = mpsc::channel::<()>();
    let path = format!("{folder}/outside/earlier");
    let earlier = thread::spawn(move || {
        begun.recv().unwrap();
        attempt_to_read(path);
    });

    restrict(&folder).expect("Landlock");

    attempt_to_read(format!("{folder}/ro/file"));
    attempt_to_write(format!("{folder}/rw/new"));
    attempt_to_read(format!("{folder}/outside/file"));
    attempt_to_write(format!("{folder}/ro/new"));
    attempt_to_create_dir(format!("{folder}/rw/dir"));
    attempt_to_create_dir(format!("{folder}/ro/dir"));
    attempt_to_connect(9);
    attempt_to_connect(10);
    attempt_to_signal("outside", parent_id());
    attempt_to_signal("inside", process::id());

    // Only this thread was restricted, and those that it starts from now on
    begin.send(()).unwrap();
    earlier.join().unwrap();
    let path = format!("{folder}/outside/later");
    thread::spawn(move || attempt_to_read(path)).join().unwrap();
}
