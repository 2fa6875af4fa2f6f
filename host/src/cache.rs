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

use std::fmt;
use std::fs;
use std::hash::{Hash as _, Hasher};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

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

/// A folder of compiled components.
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
    /// [`HostError::Cache`]: the folder cannot be used, or its key can be read by
    /// others than its owner.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, HostError> {
        let folder = folder.into();
        let key = prepare(&folder)
            .and_then(|()| key_of(&folder.join(KEY)))
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
            return Ok((component, true));
        }
        let component = Component::new(engine, bytes)?;
        // A full disk is no reason not to run.
        if let Err(error) = component.serialize().and_then(|code| Ok(self.store(&name, &path, &code)?)) {
            tracing::warn!(path = %path.display(), %error, "the compiled component could not be kept");
        }
        Ok((component, false))
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

/// The key in a file, which is made if it is not there.
fn key_of(path: &Path) -> io::Result<Vec<u8>> {
    match private().create_new(true).open(path) {
        Ok(mut file) => {
            let key = random_bytes().map_err(io::Error::other)?;
            file.write_all(&key)?;
            Ok(key)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let mut file = fs::File::open(path)?;
            #[cfg(unix)]
            if std::os::unix::fs::PermissionsExt::mode(&file.metadata()?.permissions()) & 0o077 != 0 {
                return Err(io::Error::other("its key can be read or changed by others than its owner"));
            }
            let mut key = Vec::new();
            file.read_to_end(&mut key)?;
            // Too short also while another process is just writing it.
            if key.len() < KEY_BYTES {
                return Err(io::Error::other("its key is too short"));
            }
            Ok(key)
        }
        Err(error) => Err(error),
    }
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
        assert!(error.contains("others than its owner"), "{error}");
        assert!(CompiledCache::with_key(folder.path(), b"short").is_err());
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
