//! Files that nobody but the user reads: they may describe somebody's desk.

use std::fs::{self, File};
use std::io;
use std::path::Path;

/// Makes a file anew, which nobody but the user can read or write (on Unix).
///
/// # Errors
/// Those of the file system.
pub fn create(path: &Path) -> io::Result<File> {
    // What is there may be readable for others.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_file_is_for_the_user_alone_whoever_could_read_it_before() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        for _ in 0..2 {
            create(&file).unwrap();
            let found = fs::metadata(&file).unwrap();
            assert_eq!((found.permissions().mode() & 0o777, found.len()), (0o600, 0));
        }
    }
}
