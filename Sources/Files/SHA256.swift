import COpenSSL
import Foundation

/// A SHA-256 digest (FIPS 180-4) of bytes that come in parts.
package final class SHA256 {
    private let context: OpaquePointer

    package init() {
        // Fails only without memory for its few bytes.
        guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
            fatalError("libcrypto cannot compute SHA-256")
        }
        self.context = context
    }

    deinit { EVP_MD_CTX_free(context) }

    /// Appends bytes.
    package func update(_ bytes: UnsafeRawBufferPointer) {
        guard EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1 else {
            fatalError("libcrypto cannot compute SHA-256")
        }
    }

    /// The digest of all bytes so far as 64 hexadecimal digits. Nothing can be appended afterwards.
    package func finish() -> String {
        var digest = [UInt8](repeating: 0, count: 32)
        guard EVP_DigestFinal_ex(context, &digest, nil) == 1 else { fatalError("libcrypto cannot compute SHA-256") }
        return digest.map { String(format: "%02x", $0) }.joined()
    }

    /// The digest of `bytes`, 64 hexadecimal digits.
    package static func digest(of bytes: some Sequence<UInt8>) -> String {
        let hash = SHA256()
        Array(bytes).withUnsafeBytes { hash.update($0) }
        return hash.finish()
    }

    /// The digest of a file's bytes, 64 hexadecimal digits; reads a mebibyte at a time. Throws ``FileReadError``.
    package static func digest(ofFile path: String) throws -> String {
        let descriptor = try PlainFile.descriptor(of: path)
        defer { close(descriptor) }
        let hash = SHA256()
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = buffer.withUnsafeMutableBytes { part in
                uninterrupted { read(descriptor, part.baseAddress, part.count) }
            }
            guard count >= 0 else { throw FileReadError(path: path, code: errno) }
            if count == 0 { return hash.finish() }
            buffer[..<count].withUnsafeBytes { hash.update($0) }
        }
    }
}
