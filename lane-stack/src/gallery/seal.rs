//! Keys, and how records are sealed with them: XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03; its nonces of 192 bits
//! may be drawn at random), one key a record, each wrapped under the master key.
use super::GalleryError;
use super::given::{Entropy, random};
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use std::io::Write as _;
use std::path::Path;
use zeroize::{Zeroize as _, Zeroizing};

/// Length of keys, bytes.
const KEY_BYTES: usize = 32;
/// Length of nonces, bytes.
const NONCE_BYTES: usize = 24;
/// Length of tags, bytes.
const TAG_BYTES: usize = 16;
/// Length of a wrapped key, bytes: nonce, key, tag.
pub(super) const WRAPPED_BYTES: usize = NONCE_BYTES + KEY_BYTES + TAG_BYTES;

/// A key in memory, wiped when it goes.
pub(super) type SecretKey = Zeroizing<[u8; KEY_BYTES]>;

/// The environment variable that holds the master key where no file is named.
pub const MASTER_KEY_VARIABLE: &str = "LANE_STACK_MASTER_KEY";

/// The key under which all others are wrapped. It is never in the database; without it nothing there can be read.
pub struct MasterKey(SecretKey);

impl MasterKey {
    /// Draws a new one.
    pub fn generate(entropy: &mut dyn Entropy) -> Result<Self, GalleryError> {
        Ok(Self(Zeroizing::new(random(entropy)?)))
    }

    /// Reads 64 hexadecimal digits; white space around them does not count.
    pub fn parse(text: &str) -> Result<Self, GalleryError> {
        let digits = text.trim().as_bytes();
        let malformed = || GalleryError::Key("it must be 64 hexadecimal digits, and nothing else".to_string());
        if digits.len() != 2 * KEY_BYTES {
            return Err(malformed());
        }
        let mut key = SecretKey::default();
        for (byte, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
            let digit = |d: u8| char::from(d).to_digit(16);
            let (high, low) = digit(pair[0]).zip(digit(pair[1])).ok_or_else(malformed)?;
            *byte = (high * 16 + low) as u8;
        }
        Ok(Self(key))
    }

    /// Reads a key file. One that others than its owner may read is refused.
    pub fn from_file(path: &Path) -> Result<Self, GalleryError> {
        use std::os::unix::fs::PermissionsExt as _;
        let told = |reason: String| GalleryError::Key(format!("{}: {reason}", path.display()));
        let mode = std::fs::metadata(path).map_err(|e| told(e.to_string()))?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(told(format!("others may read it (mode {:o}); chmod 600 it", mode & 0o777)));
        }
        let text = Zeroizing::new(std::fs::read_to_string(path).map_err(|e| told(e.to_string()))?);
        Self::parse(&text)
    }

    /// Reads an environment variable.
    pub fn from_environment(name: &str) -> Result<Self, GalleryError> {
        let text = std::env::var(name).map_err(|e| GalleryError::Key(format!("environment variable {name}: {e}")))?;
        Self::parse(&Zeroizing::new(text))
    }

    /// Writes it to a new file that only its owner may read.
    pub fn write_new(&self, path: &Path) -> Result<(), GalleryError> {
        use std::os::unix::fs::OpenOptionsExt as _;
        let mut text = Zeroizing::new(String::with_capacity(2 * KEY_BYTES + 1));
        for byte in self.0.iter() {
            for digit in [byte >> 4, byte & 15] {
                text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
            }
        }
        text.push('\n');
        let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        let mut file = file.map_err(|e| GalleryError::file(path, &e))?;
        let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
        written.map_err(|e| GalleryError::disk(path, &e))
    }

    /// Tells keys apart without giving them away.
    pub fn fingerprint(&self) -> [u8; 8] {
        let full = mac(&self.0, &[b"lane-stack gallery: fingerprint of a master key"]);
        let mut short = [0; 8];
        short.copy_from_slice(&full[..8]);
        short
    }

    /// A new key, plain and wrapped under this one; `binding` says what it is for.
    pub(super) fn new_key(
        &self,
        entropy: &mut dyn Entropy,
        binding: &[u8],
    ) -> Result<(SecretKey, Vec<u8>), GalleryError> {
        let key = Zeroizing::new(random(entropy)?);
        let wrapped = self.wrap(entropy, binding, &key)?;
        Ok((key, wrapped))
    }

    /// Wraps a key.
    pub(super) fn wrap(
        &self,
        entropy: &mut dyn Entropy,
        binding: &[u8],
        key: &SecretKey,
    ) -> Result<Vec<u8>, GalleryError> {
        seal(&self.0, random(entropy)?, binding, key.as_slice())
    }

    /// Unwraps a key; `None` when it was wrapped under another master key, for something else, or was changed.
    pub(super) fn unwrap(&self, binding: &[u8], wrapped: &[u8]) -> Option<SecretKey> {
        let plain = open(&self.0, binding, wrapped)?;
        let mut key = SecretKey::default();
        (plain.len() == KEY_BYTES).then(|| key.copy_from_slice(&plain))?;
        Some(key)
    }
}

/// Seals `plain`: nonce, ciphertext, tag. Whoever opens it must know the same `binding`.
pub(super) fn seal(
    key: &SecretKey,
    nonce: [u8; NONCE_BYTES],
    binding: &[u8],
    plain: &[u8],
) -> Result<Vec<u8>, GalleryError> {
    let mut of_cipher = Key::from(**key);
    let cipher = XChaCha20Poly1305::new(&of_cipher);
    of_cipher.as_mut_slice().zeroize();
    let sealed = cipher.encrypt(&XNonce::from(nonce), Payload { msg: plain, aad: binding });
    let sealed = sealed.map_err(|_| GalleryError::Refused("a record is too long to be sealed".to_string()))?;
    Ok([&nonce[..], &sealed].concat())
}

/// Opens what [`seal`] sealed; `None` when the key or the binding is another, or a bit was changed.
pub(super) fn open(key: &SecretKey, binding: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>()?;
    let mut of_cipher = Key::from(**key);
    let cipher = XChaCha20Poly1305::new(&of_cipher);
    of_cipher.as_mut_slice().zeroize();
    cipher.decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: binding }).ok().map(Zeroizing::new)
}

/// HMAC-SHA256 of some parts, each preceded by its length so that no two lists of parts read alike.
pub(super) fn mac(key: &SecretKey, parts: &[&[u8]]) -> [u8; 32] {
    // The crate takes keys of any length: this cannot fail.
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_slice()).unwrap_or_else(|_| unreachable!());
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// Bytes in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::super::given::Seeded;
    use super::*;

    /// Vector of draft-irtf-cfrg-xchacha-03, appendix A.3.1.
    #[test]
    fn the_seal_is_that_of_the_draft() {
        let text = b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, \
                     sunscreen would be it.";
        let mut key = SecretKey::default();
        let mut nonce = [0; NONCE_BYTES];
        (0..32).for_each(|i| key[i] = 0x80 + i as u8);
        (0..24).for_each(|i| nonce[i] = 0x40 + i as u8);
        let binding = [0x50, 0x51, 0x52, 0x53, 0xc0, 0xc1, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7];
        let sealed = seal(&key, nonce, &binding, text).unwrap();
        assert_eq!(hex(&sealed[NONCE_BYTES..NONCE_BYTES + 16]), "bd6d179d3e83d43b9576579493c0e939");
        assert_eq!(hex(&sealed[sealed.len() - 16..]), "c0875924c1c7987947deafd8780acf49");
        assert_eq!(open(&key, &binding, &sealed).unwrap().as_slice(), text);
    }

    #[test]
    fn lists_of_parts_do_not_read_alike() {
        let key = SecretKey::default();
        assert_ne!(mac(&key, &[b"ab", b"c"]), mac(&key, &[b"a", b"bc"]));
        assert_ne!(mac(&key, &[b"ab"]), mac(&key, &[b"ab", b""]));
    }

    #[test]
    fn every_changed_bit_and_every_other_binding_is_seen() {
        let master = MasterKey::generate(&mut Seeded(1)).unwrap();
        let (key, wrapped) = master.new_key(&mut Seeded(2), b"one").unwrap();
        assert_eq!(wrapped.len(), WRAPPED_BYTES);
        assert_eq!(master.unwrap(b"one", &wrapped).unwrap(), key);
        assert!(master.unwrap(b"two", &wrapped).is_none());
        for bit in 0..8 * wrapped.len() {
            let mut changed = wrapped.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(master.unwrap(b"one", &changed).is_none(), "bit {bit}");
        }
        for length in 0..wrapped.len() {
            assert!(master.unwrap(b"one", &wrapped[..length]).is_none());
        }
        let other = MasterKey::generate(&mut Seeded(9)).unwrap();
        assert!(other.unwrap(b"one", &wrapped).is_none());
        assert_ne!(other.fingerprint(), master.fingerprint());
    }

    #[test]
    fn a_key_file_is_the_owners_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let key = MasterKey::generate(&mut Seeded(1)).unwrap();
        key.write_new(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(MasterKey::from_file(&path).unwrap().fingerprint(), key.fingerprint());
        assert!(key.write_new(&path).is_err(), "a key must not be written over another");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let Err(error) = MasterKey::from_file(&path) else { panic!("others may read it") };
        assert!(error.to_string().contains("chmod 600"), "{error}");
        for text in ["", "12", &"g".repeat(64), &"0".repeat(63), &"0".repeat(65)] {
            assert!(MasterKey::parse(text).is_err(), "{text}");
        }
    }
}
