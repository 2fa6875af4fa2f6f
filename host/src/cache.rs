//! Compiled code on disk, so that a component is compiled once for a machine and
//! not once for a process.
//!
//! Compiled code is machine code that runs outside the sandbox: whoever can
//! change such a file owns the process that loads it. Hence each file carries a
//! code that only who has the key can make (HMAC-SHA256), over the component, the
//! engine and the code itself. A file without a right one, cut short, of another
//! component or of another engine is compiled anew and never looked into.
//!
//! The key is in a file beside them that only its owner may read, or comes from
//! the operator, who can then keep the folder in a place that others may write to.

use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::hash::{Hash as _, Hasher};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use ring::{digest, hmac};
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::context::{random_bytes, random_hex};
use crate::error::HostError;

/// How a file begins: what it is, and the form in which it is.
const MAGIC: &[u8; 8] = b"wfnode\0\x01";
/// Bytes of the authentication code.
const MAC: usize = 32;
/// Name of the file that holds the key.
const KEY: &str = "key";
/// Bytes that a key has at least.
const KEY_BYTES: usize = 32;

/// How many compiled components a folder keeps; those that were not used for the
/// longest time go first.
const KEPT: usize = 16;
/// How long one is kept that nobody uses, and half a file that nobody finishes.
const UNUSED: Duration = Duration::from_secs(30 * 24 * 60 * 60);
const UNFINISHED: Duration = Duration::from_secs(24 * 60 * 60);

/// A folder of compiled components. It keeps the sixteen that were used last, each
/// for thirty days after that.
#[derive(Clone)]
pub struct CompiledCache {
    folder: PathBuf,
    key: Arc<hmac::Key>,
}

impl fmt::Debug for CompiledCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CompiledCache").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl CompiledCache {
    /// A cache in a folder, which is made if it is not there, with a key in it
    /// that is made if it is not there.
    ///
    /// # Errors
    /// [`HostError::Cache`]: the folder cannot be used, others than its owner may
    /// write to it, or they can read its key.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, HostError> {
        let folder = folder.into();
        let key = prepare(&folder)
            .and_then(|()| key_of(&folder))
            .map_err(|error| unusable(&folder, &error.to_string()))?;
        Ok(Self::new(folder, &key))
    }

    /// A cache in a folder with the operator's key, of at least 32 bytes.
    ///
    /// # Errors
    /// [`HostError::Cache`]: the folder cannot be used, or the key is too short.
    pub fn with_key(folder: impl Into<PathBuf>, key: &[u8]) -> Result<Self, HostError> {
        let folder = folder.into();
        if key.len() < KEY_BYTES {
            return Err(unusable(&folder, "the key is too short"));
        }
        prepare(&folder).map_err(|error| unusable(&folder, &error.to_string()))?;
        Ok(Self::new(folder, key))
    }

    fn new(folder: PathBuf, key: &[u8]) -> Self {
        Self { folder, key: Arc::new(hmac::Key::new(hmac::HMAC_SHA256, key)) }
    }

    /// The component from the cache, or compiled and put there; and whether it
    /// was there.
    pub(crate) fn component(&self, engine: &Engine, bytes: &[u8]) -> wasmtime::Result<(Component, bool)> {
        let name = Name::new(engine, bytes);
        let path = self.folder.join(name.file());
        if let Some(component) = self.load(engine, &name, &path) {
            // Its age counts from here. Where that cannot be noted, it goes earlier.
            let _ = fs::File::options()
                .append(true)
                .open(&path)
                .and_then(|file| file.set_modified(SystemTime::now()));
            return Ok((component, true));
        }
        let component = Component::new(engine, bytes)?;
        // A full disk is no reason not to run.
        if let Err(error) = component.serialize().and_then(|code| Ok(self.store(&name, &path, &code)?)) {
            tracing::warn!(path = %path.display(), %error, "the compiled component could not be kept");
        }
        self.tidy(SystemTime::now());
        Ok((component, false))
    }

    /// Deletes what is old, and what is too much. Other processes may do the same:
    /// what is gone is gone.
    fn tidy(&self, now: SystemTime) {
        let Ok(entries) = fs::read_dir(&self.folder) else { return };
        let mut kept: Vec<(SystemTime, PathBuf)> = Vec::new();
        for entry in entries.flatten() {
            let path = entry.path();
            let Ok(used) = entry.metadata().and_then(|file| file.modified()) else { continue };
            let age = now.duration_since(used).unwrap_or_default();
            match path.extension().and_then(OsStr::to_str) {
                Some("cwasm") if age <= UNUSED => kept.push((used, path)),
                Some("part") if age <= UNFINISHED => {}
                Some("cwasm" | "part") => _ = fs::remove_file(path),
                _ => {}
            }
        }
        kept.sort_unstable_by(|one, other| other.cmp(one));
        for (_, path) in kept.into_iter().skip(KEPT) {
            let _ = fs::remove_file(path);
        }
    }

    fn load(&self, engine: &Engine, name: &Name, path: &Path) -> Option<Component> {
        // Read whole: what is checked must be what is loaded, and a mapped file
        // can change in between.
        let file = fs::read(path).ok()?;
        let component = self.authentic(name, &file).and_then(|code| {
            #[expect(
                unsafe_code,
                reason = "only for code that this host made: its authentication code is right"
            )]
            // SAFETY: `code` is what `serialize` of an engine like this one gave to
            // a holder of the key, unchanged.
            let component = unsafe { Component::deserialize(engine, code) };
            component.ok()
        });
        if component.is_none() {
            tracing::warn!(path = %path.display(), "the compiled component was rejected; compiling anew");
        }
        component
    }

    /// The code in a file, if this host made the file.
    fn authentic<'a>(&self, name: &Name, file: &'a [u8]) -> Option<&'a [u8]> {
        let (mac, code) = file.strip_prefix(MAGIC)?.split_at_checked(MAC)?;
        hmac::verify(&self.key, &signed(name, code), mac).ok()?;
        Some(code)
    }

    fn store(&self, name: &Name, path: &Path, code: &[u8]) -> io::Result<()> {
        let mac = hmac::sign(&self.key, &signed(name, code));
        let random = random_hex().map_err(io::Error::other)?;
        // Whole or not at all: another process may be reading.
        let part = self.folder.join(format!("{random}.part"));
        let mut file = private().create_new(true).open(&part)?;
        let written = [MAGIC.as_slice(), mac.as_ref(), code]
            .into_iter()
            .try_for_each(|bytes| file.write_all(bytes))
            .and_then(|()| fs::rename(&part, path));
        if written.is_err() {
            let _ = fs::remove_file(&part);
        }
        written
    }
}

/// What compiled code is the code of.
struct Name {
    component: digest::Digest,
    engine: digest::Digest,
}

impl Name {
    fn new(engine: &Engine, bytes: &[u8]) -> Self {
        let mut hasher = ShaHasher(digest::Context::new(&digest::SHA256));
        engine.precompile_compatibility_hash().hash(&mut hasher);
        Self { component: digest::digest(&digest::SHA256, bytes), engine: hasher.0.finish() }
    }

    fn file(&self) -> String {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let engine = self.engine.as_ref();
        format!("{}-{}.cwasm", hex(self.component.as_ref()), hex(engine.get(..8).unwrap_or(engine)))
    }
}

/// Takes what a value hashes as the input of SHA-256.
struct ShaHasher(digest::Context);

impl Hasher for ShaHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        0
    }
}

/// What the authentication code is over.
fn signed(name: &Name, code: &[u8]) -> Vec<u8> {
    [MAGIC.as_slice(), name.component.as_ref(), name.engine.as_ref(), code].concat()
}

fn unusable(folder: &Path, reason: &str) -> HostError {
    HostError::Cache { path: folder.to_path_buf(), reason: reason.to_owned() }
}

/// Makes the folder, for its owner alone.
fn prepare(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// The key in a folder, which is made if it is not there.
fn key_of(folder: &Path) -> io::Result<Vec<u8>> {
    // Who may write to the folder can put another key there.
    if is_open_to_others(&fs::metadata(folder)?, 0o022) {
        return Err(io::Error::other("others than its owner may write to it"));
    }
    let path = folder.join(KEY);
    let mut file = match fs::File::open(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make_key(folder, &path)?;
            fs::File::open(&path)?
        }
        opened => opened?,
    };
    if is_open_to_others(&file.metadata()?, 0o077) {
        return Err(io::Error::other("its key can be read or changed by others than its owner"));
    }
    let mut key = Vec::new();
    file.read_to_end(&mut key)?;
    if key.len() < KEY_BYTES {
        return Err(io::Error::other("its key is too short"));
    }
    Ok(key)
}

/// Puts a key there, whole and once: of processes that do so at the same time one
/// is first, and the others find its key.
fn make_key(folder: &Path, path: &Path) -> io::Result<()> {
    let key = random_bytes().map_err(io::Error::other)?;
    let part = folder.join(format!("{}.part", random_hex().map_err(io::Error::other)?));
    let made = private()
        .create_new(true)
        .open(&part)
        .and_then(|mut file| file.write_all(&key))
        .and_then(|()| fs::hard_link(&part, path));
    let _ = fs::remove_file(&part);
    match made {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}

/// Whether others than the owner have any of these permissions.
#[cfg(unix)]
fn is_open_to_others(file: &fs::Metadata, permissions: u32) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&file.permissions()) & permissions != 0
}

#[cfg(not(unix))]
fn is_open_to_others(_: &fs::Metadata, _: u32) -> bool {
    false
}

/// How files are made that are for their owner alone.
fn private() -> fs::OpenOptions {
    let mut options = fs::OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The smallest component there is.
    const EMPTY: [u8; 8] = *b"\0asm\x0d\0\x01\0";
    /// Another one: with an empty custom section.
    const OTHER: [u8; 11] = *b"\0asm\x0d\0\x01\0\0\x01\0";

    fn kept(folder: &Path) -> Vec<PathBuf> {
        let files = fs::read_dir(folder).expect("folder").map(|entry| entry.expect("entry").path());
        files.filter(|path| path.extension().is_some_and(|extension| extension == "cwasm")).collect()
    }

    fn was_there(cache: &CompiledCache, engine: &Engine, bytes: &[u8]) -> bool {
        cache.component(engine, bytes).expect("a component").1
    }

    #[test]
    fn a_component_is_compiled_once() {
        let folder = tempfile::tempdir().expect("folder");
        let engine = Engine::default();
        for expected in [false, true, true] {
            // Opened anew: the key is found again.
            let cache = CompiledCache::open(folder.path().join("made")).expect("cache");
            assert_eq!(was_there(&cache, &engine, &EMPTY), expected);
        }
        let cache = CompiledCache::open(folder.path().join("made")).expect("cache");
        assert!(!was_there(&cache, &engine, &OTHER));
        assert!(!format!("{cache:?}").contains("key"));
    }

    #[test]
    fn a_file_that_was_changed_anywhere_is_rejected_and_made_anew() {
        let folder = tempfile::tempdir().expect("folder");
        let engine = Engine::default();
        let cache = CompiledCache::open(folder.path()).expect("cache");
        assert!(!was_there(&cache, &engine, &EMPTY));
        let path = kept(folder.path()).remove(0);
        let good = fs::read(&path).expect("file");
        let places = [0, MAGIC.len(), MAGIC.len() + MAC, good.len() / 2, good.len() - 1];
        let changed = places.map(|place| {
            let mut bad = good.clone();
            bad[place] ^= 1;
            bad
        });
        let cut = [good[..good.len() - 1].to_vec(), good[..20].to_vec(), Vec::new()];
        let bare = [good[MAGIC.len() + MAC..].to_vec()];
        for bad in changed.into_iter().chain(cut).chain(bare) {
            fs::write(&path, bad).expect("written");
            assert!(!was_there(&cache, &engine, &EMPTY));
            assert!(was_there(&cache, &engine, &EMPTY), "the right file is there again");
        }
    }

    #[test]
    fn a_file_of_another_component_engine_or_key_is_rejected() {
        let folder = tempfile::tempdir().expect("folder");
        let engine = Engine::default();
        let cache = CompiledCache::with_key(folder.path(), &[1; 32]).expect("cache");
        assert!(!was_there(&cache, &engine, &OTHER));
        let other = kept(folder.path()).remove(0);
        fs::copy(&other, folder.path().join(Name::new(&engine, &EMPTY).file())).expect("copied");
        assert!(!was_there(&cache, &engine, &EMPTY), "it was the code of another component");

        let mut config = wasmtime::Config::new();
        config.epoch_interruption(true);
        let other_engine = Engine::new(&config).expect("engine");
        fs::copy(&other, folder.path().join(Name::new(&other_engine, &OTHER).file())).expect("copied");
        assert!(!was_there(&cache, &other_engine, &OTHER), "it was made for another engine");

        let foreign = CompiledCache::with_key(folder.path(), &[2; 32]).expect("cache");
        assert!(!was_there(&foreign, &engine, &OTHER), "it was made with another key");
    }

    #[test]
    fn what_nobody_uses_is_deleted_and_what_is_too_much() {
        let folder = tempfile::tempdir().expect("folder");
        let cache = CompiledCache::open(folder.path()).expect("cache");
        let now = SystemTime::now();
        let put = |name: &str, age: Duration| {
            let file = fs::File::create(folder.path().join(name)).expect("file");
            file.set_modified(now - age).expect("age");
        };
        let day = Duration::from_secs(24 * 60 * 60);
        for number in 0..20_u32 {
            put(&format!("{number:02}.cwasm"), day * number);
        }
        put("old.cwasm", day * 31);
        put("new.part", day / 2);
        put("old.part", day * 2);
        put("other", day * 900);
        cache.tidy(now);
        let mut left: Vec<String> = fs::read_dir(folder.path())
            .expect("folder")
            .map(|entry| entry.expect("entry").file_name().to_string_lossy().into_owned())
            .collect();
        left.sort_unstable();
        let mut expected: Vec<String> = (0..16).map(|number| format!("{number:02}.cwasm")).collect();
        expected.extend(["key", "new.part", "other"].map(str::to_owned));
        assert_eq!(left, expected);
    }

    #[test]
    fn a_component_that_is_used_stays_young() {
        let folder = tempfile::tempdir().expect("folder");
        let engine = Engine::default();
        let cache = CompiledCache::open(folder.path()).expect("cache");
        assert!(!was_there(&cache, &engine, &EMPTY));
        let path = kept(folder.path()).remove(0);
        let long_ago = SystemTime::now() - UNUSED * 2;
        fs::File::options().append(true).open(&path).expect("file").set_modified(long_ago).expect("age");
        assert!(was_there(&cache, &engine, &EMPTY));
        assert!(fs::metadata(&path).expect("file").modified().expect("age") > long_ago);
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("folder");
        CompiledCache::open(folder.path()).expect("cache");
        let key = folder.path().join(KEY);
        assert_eq!(fs::metadata(&key).expect("key").permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).expect("changed");
        let error = CompiledCache::open(folder.path()).expect_err("refused").to_string();
        assert!(error.contains("key can be read"), "{error}");
        assert!(CompiledCache::with_key(folder.path(), b"short").is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_others_may_write_to_is_for_an_operators_key_only() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("folder");
        for mode in [0o720, 0o702, 0o777] {
            fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).expect("changed");
            let error = CompiledCache::open(folder.path()).expect_err("refused").to_string();
            assert!(error.contains("may write to it"), "{error}");
            assert!(CompiledCache::with_key(folder.path(), &[1; 32]).is_ok());
        }
    }

    #[test]
    fn many_that_open_a_new_folder_at_once_have_one_key() {
        let engine = Engine::default();
        for _ in 0..20 {
            let folder = tempfile::tempdir().expect("folder");
            let caches: Vec<CompiledCache> = std::thread::scope(|scope| {
                let open = || CompiledCache::open(folder.path().join("new")).expect("cache");
                let threads: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
                threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
            });
            assert!(!was_there(&caches[0], &engine, &EMPTY));
            assert!(caches.iter().all(|cache| was_there(cache, &engine, &EMPTY)));
        }
    }

    #[test]
    fn many_at_once_do_not_disturb_each_other() {
        let folder = tempfile::tempdir().expect("folder");
        let engine = Engine::default();
        let cache = CompiledCache::open(folder.path()).expect("cache");
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| was_there(&cache, &engine, &EMPTY));
            }
        });
        assert!(was_there(&cache, &engine, &EMPTY));
        assert_eq!(fs::read_dir(folder.path()).expect("folder").count(), 2, "nothing but key and code");
    }
}
