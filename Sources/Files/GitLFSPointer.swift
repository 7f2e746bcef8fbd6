import Foundation

/// The few lines that git has in a large file's place until Git LFS fetches it (`docs/spec.md` of git-lfs).
package struct GitLFSPointer: Equatable {
    /// The file's own size, where the pointer has one.
    package let byteCount: Int?

    /// Reads a file's content; nil when it is no pointer.
    package init?(_ content: some Collection<UInt8>) {
        // The specification has pointers end below 1024 bytes.
        guard content.count < 1024, content.starts(with: "version https://git-lfs.github.com/spec/".utf8) else {
            return nil
        }
        let lines = String(decoding: content, as: UTF8.self).split(whereSeparator: \.isNewline)
        byteCount = lines.first { $0.hasPrefix("size ") }.flatMap { Int($0.dropFirst("size ".count)) }
    }

    /// What is wrong with a file that holds it, and the remedy.
    package var fault: String {
        "a Git LFS pointer and not the file itself\(byteCount.map { ", which has \($0) bytes" } ?? ""); "
            + "run 'git lfs pull' in its repository"
    }
}
