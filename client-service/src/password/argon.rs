//! argon2id in memory that returns to the system after each hash.
//!
//! The crate's own hasher allocates 19 MiB. The C library takes that from the heap of the calling
//! thread and keeps it: in a measurement, 60 logins left 740 MiB resident. An allocation above 32
//! MiB, the upper limit of glibc's dynamic threshold (`mallopt(3)`, `M_MMAP_THRESHOLD`), is always
//! mapped by itself and unmapped when it is freed. So this allocates more than it touches, and only
//! the touched part is ever resident.

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::password_hash::{CustomizedPasswordHasher, Error, PasswordVerifier as _, Result};
use argon2::{Algorithm, Argon2, Block, Params, Version};

/// 33 MiB.
const MAPPED_BLOCKS: usize = 33 * 1024 * 1024 / Block::SIZE;

struct MappedArgon2;

impl CustomizedPasswordHasher<PasswordHash> for MappedArgon2 {
    type Params = Params;

    fn hash_password_customized(
        &self,
        password: &[u8],
        salt: &[u8],
        algorithm: Option<&str>,
        version: Option<u32>,
        params: Params,
    ) -> Result<PasswordHash> {
        let algorithm = algorithm.map_or(Ok(Algorithm::Argon2id), Algorithm::try_from)?;
        let version = version.map_or(Ok(Version::V0x13), Version::try_from)?;
        let length = params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
        let mut output = vec![0; length];
        let mut memory = Vec::with_capacity(params.block_count().max(MAPPED_BLOCKS));
        memory.resize(params.block_count(), Block::new());
        Argon2::new(algorithm, version, params.clone()).hash_password_into_with_memory(
            password,
            salt,
            &mut output,
            &mut memory,
        )?;
        Ok(PasswordHash {
            algorithm: algorithm.ident(),
            version: Some(version.into()),
            params: ParamsString::try_from(&params)?,
            salt: Some(Salt::new(salt)?),
            hash: Some(Output::new(&output)?),
        })
    }
}

/// The hash as a PHC string, with a random salt.
pub(super) fn hash(password: &[u8]) -> Result<String> {
    let salt = argon2::password_hash::try_generate_salt()?;
    let hash = MappedArgon2.hash_password_with_params(password, &salt, Params::default())?;
    Ok(hash.to_string())
}

/// Whether `stored` is a hash of `password`, compared in constant time.
pub(super) fn matches(password: &[u8], stored: &str) -> Result<bool> {
    match MappedArgon2.verify_password(password, &PasswordHash::new(stored)?) {
        Ok(()) => Ok(true),
        Err(Error::PasswordInvalid) => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use argon2::{Argon2, PasswordHasher as _, PasswordVerifier as _};

    use super::{hash, matches};

    #[test]
    fn a_hash_is_argon2id_with_owasps_parameters_and_a_salt_of_its_own() {
        let (one, other) = (hash(b"tarte").unwrap(), hash(b"tarte").unwrap());
        assert!(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{one}");
        assert_ne!(one, other);
    }

    #[test]
    fn the_crates_own_hasher_agrees() {
        let argon2 = Argon2::default();
        let ours = hash(b"tarte").unwrap();
        let verified = argon2.verify_password(b"tarte", ours.as_str());
        assert!(verified.is_ok());
        let theirs = argon2.hash_password(b"tarte").unwrap().to_string();
        assert!(matches(b"tarte", &theirs).unwrap());
        assert!(!matches(b"Tarte", &theirs).unwrap());
    }

    #[test]
    fn an_invalid_hash_is_an_error_and_not_a_wrong_password() {
        for bad in [
            "",
            "tarte",
            "$argon2id$",
            "$md5$v=1$YWJjZGVmZ2g$YWJjZGVmZ2hpams",
        ] {
            assert!(matches(b"tarte", bad).is_err(), "{bad}");
        }
    }
}
