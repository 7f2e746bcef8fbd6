import Foundation
import Synchronization

/// A file that is written under a name of its own before it is moved to its place; removed where it is not.
///
/// It is locked for as long as this process works on it, which tells what a killed process left from another's work.
final class TemporaryFile {
    let path: String
    let descriptor: Int32
    var isMoved = false

    /// Throws ``FileError`` with the path of the file that is to be written.
    init(in folder: String, for target: String) throws {
        var code: Int32 = 0
        // One that another process takes for a leftover before it is locked is made again.
        for _ in 0..<10 {
            // Not named after the target, whose name may have the greatest length already.
            let name = "\(folder)/\(Self.prefix)\(UUID().uuidString)\(Self.suffix)"
            let opened = uninterrupted { open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666) }
            guard opened >= 0 else { throw FileError(path: target, code: errno) }
            var status = stat()
            // Some file systems have no locks; nothing is removed there.
            if flock(opened, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK, lstat(name, &status) == 0 {
                (path, descriptor) = (name, opened)
                return
            }
            code = errno
            close(opened)
        }
        throw FileError(path: target, code: code)
    }

    deinit {
        if !isMoved { unlink(path) }
        close(descriptor)
    }

    private static let prefix = ".transeg-"
    private static let suffix = ".tmp"

    private static let cleared = Mutex<Set<String>>([])

    /// Removes what killed processes left in a folder; looks once in each, for folders of results may be large.
    static func removeLeftovers(in folder: String) {
        guard cleared.withLock({ $0.insert(folder).inserted }) else { return }
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        where name.hasPrefix(prefix) && name.hasSuffix(suffix) {
            let descriptor = open("\(folder)/\(name)", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
            guard descriptor >= 0 else { continue }
            defer { close(descriptor) }
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { unlink("\(folder)/\(name)") }
        }
    }
}
