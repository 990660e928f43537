"""What a handshake is made of: suites, groups, signatures, and the things that TLS 1.2 left open."""

from __future__ import annotations

from fixtures.evidence import Evidence
from fixtures.policy import PolicyView
from fixtures.requirement import requirement
from fixtures.tls.handshake import Handshake
from fixtures.tls.profiles import profile

SPEAKS_TLS = {"tls": ("starttls", "implicit")}
UNREACHED = ["NET-003", "TLS-001", "TLS-030", "TLS-031"]


@requirement(
    "TLS-033", severity="high", controls="TR",
    refs=["RFC 9325 4.2", "NIST 800-52r2 3.3.1", "NCSC-NL TLS 2025-05 B", "BSI TR-02102-2 2026-01 3.3"],
    explained_by=[*UNREACHED, "TLS-034"], where=SPEAKS_TLS,
)  # fmt: skip
def test_suites_are_strong(handshake: Handshake, policy: PolicyView, evidence: Evidence) -> None:
    """Only suites are accepted that the profile in force calls good or sufficient.

    Why: a key that leaks later opens all recorded mail where RSA carries the key; CBC and RC4 have known attacks.
    Fix: Postfix: smtpd_tls_ciphers = high with tls_high_cipherlist = ECDHE+AESGCM:ECDHE+CHACHA20; Dovecot:
    ssl_cipher_list, nginx: ssl_ciphers with the same value; Exim: tls_require_ciphers.
    """
    wanted = profile(policy["tls.profile"])
    classes = wanted.graded_suites(handshake.suites)
    evidence.attach("profile", wanted.source)
    evidence.attach("suites", "\n".join(f"{grade}: {', '.join(names) or 'none'}" for grade, names in classes.items()))
    evidence.attach("order of the suites of TLS 1.2", f"the {handshake.preference}'s")
    evidence.compare("insufficient suites accepted", classes["insufficient"], "==", [])
    evidence.band("suites that are being phased out", classes["phase_out"], policy["tls.phase_out"])


@requirement(
    "TLS-034", severity="high", controls="TR", refs=["RFC 9325 4.1", "RFC 9325 4.2", "NCSC-NL TLS 2025-05 3.3.3"],
    explained_by=UNREACHED, where=SPEAKS_TLS,
)  # fmt: skip
def test_no_broken_key_exchange_or_cipher(handshake: Handshake, policy: PolicyView, evidence: Evidence) -> None:
    """No suite is accepted with RSA key exchange, without authentication or encryption, or with RC4, DES or 3DES.

    Why: whoever records mail can read it later once the RSA key leaks; the others are broken today.
    Fix: Postfix: tls_high_cipherlist = ECDHE+AESGCM:ECDHE+CHACHA20, smtpd_tls_exclude_ciphers = aNULL, kRSA;
    Dovecot: ssl_cipher_list and nginx: ssl_ciphers with the same list; Exim: tls_require_ciphers.
    """
    weak = handshake.weak
    found = {kind: weak.get(kind, []) for kind in policy["tls.kinds_forbidden"]}
    evidence.each("suites of the kind", found, "==", [])
    evidence.band("suites with finite-field Diffie-Hellman", weak.get("FFDHE", []), policy["tls.ffdhe"])


@requirement(
    "TLS-035", severity="low", controls="CR", refs=["RFC 8422", "RFC 9325 4.3", "RFC 7919", "BSI TR-02102-1 2026-01"],
    explained_by=UNREACHED, where=SPEAKS_TLS,
)  # fmt: skip
def test_groups_are_strong(handshake: Handshake, policy: PolicyView, evidence: Evidence) -> None:
    """Keys are exchanged in groups that the profile knows, none of them short.

    Why: the shortest group that is accepted is the strength of every recorded session; without a post-quantum hybrid
    what is recorded today may be read in some years.
    Fix: Postfix: tls_eecdh_auto_curves = X25519, prime256v1, secp384r1; Dovecot: ssl_curve_list, nginx: ssl_ecdh_curve
    likewise; from OpenSSL 3.5 on put X25519MLKEM768 first.
    """
    wanted = profile(policy["tls.profile"])
    classes = wanted.graded_groups(handshake.groups)
    evidence.attach("groups", "\n".join(f"{grade}: {', '.join(names) or 'none'}" for grade, names in classes.items()))
    evidence.bands("bits of", handshake.curve_bits, policy["tls.group_bits.elliptic"], unit="bits")
    evidence.bands("bits of", handshake.finite_bits, policy["tls.group_bits.finite"], unit="bits")
    evidence.band("groups that the profile does not have", classes["insufficient"], policy["tls.groups_unknown"])
    evidence.band("groups that are being phased out", classes["phase_out"], policy["tls.groups_phase_out"])
    evidence.band("post-quantum hybrids missing", 0 if handshake.hybrid else 1, policy["tls.hybrid_missing"])


@requirement(
    "TLS-036", severity="medium", controls="TR", refs=["RFC 9155 2", "RFC 9155 4", "NCSC-NL TLS 2025-05 3.3.5"],
    explained_by=UNREACHED, where=SPEAKS_TLS,
)  # fmt: skip
def test_handshakes_are_signed_well(handshake: Handshake, policy: PolicyView, evidence: Evidence) -> None:
    """No handshake is signed with SHA-1 or MD5, though a client may offer nothing else.

    Why: with such a signature a man in the middle can one day pass for the server.
    Fix: name the allowed algorithms to OpenSSL: "SignatureAlgorithms = ECDSA+SHA256:RSA-PSS+SHA256:RSA+SHA256..." in
    the section that openssl.cnf uses; Postfix on port 25 (its security level is 0 there): the same in tls_config_file.
    """
    evidence.attach("signatures", ", ".join(handshake.signatures) or "none seen")
    evidence.compare("a handshake signed with SHA-1 or MD5", handshake.broken_signature, "==", "refused")
    old = [name for name in handshake.signatures if name.startswith("rsa_pkcs1_")]
    evidence.band("signatures in RSA PKCS#1 v1.5", old, policy["tls.pkcs1_signatures"])


@requirement(
    "TLS-037", severity="medium", controls="TR",
    refs=["RFC 9325 3.3", "RFC 9325 3.5", "RFC 5746", "RFC 7627", "RFC 8446 8", "NCSC-NL TLS 2025-05 3.4"],
    explained_by=UNREACHED, where=SPEAKS_TLS,
)  # fmt: skip
def test_handshakes_are_sound(handshake: Handshake, policy: PolicyView, evidence: Evidence) -> None:
    """There is no compression, no renegotiation at the client's wish, no 0-RTT; master secrets are extended.

    Why: compression betrays what is encrypted, endless renegotiation exhausts the server, and 0-RTT can be replayed.
    Fix: Postfix: tls_ssl_options = NO_COMPRESSION, NO_RENEGOTIATION; Dovecot: ssl_options = no_compression; nginx:
    ssl_early_data off; no ClientRenegotiation or -ExtendedMasterSecret among the Options of openssl.cnf.
    """
    evidence.compare("compression", handshake.compression, "==", "none")
    evidence.compare("secure renegotiation", handshake.secure_renegotiation, "==", True)
    evidence.band("renegotiations that a client may start", handshake.renegotiations, policy["tls.renegotiations"])
    missing = 0 if handshake.extended_master_secret else 1
    evidence.band("extended master secret missing", missing, policy["tls.extended_master_secret_missing"])
    evidence.band("early data", handshake.early_data, policy["tls.early_data_bytes"], unit="bytes")
