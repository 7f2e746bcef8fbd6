import Foundation

/// What happens in folders, as Linux' inotify tells it: files that were closed after writing or moved in, and new folders.
///
/// On file systems that other machines write to, nothing is told of what those do.
package final class FolderEvents {
    package enum Event: Sendable, Equatable {
        /// A file is complete, as far as whoever wrote it says.
        case file(String)
        case folder(String)
        /// More happened than could be told.
        case lost
        /// A folder that is watched was moved or removed.
        case gone(String)
    }

    private let descriptor: Int32
    private var folders: [Int32: String] = [:]

    /// Throws ``FileReadError``, also on systems without inotify.
    package init(watching folder: String) throws {
        #if os(Linux)
        descriptor = inotify_init1(Int32(IN_CLOEXEC) | Int32(IN_NONBLOCK))
        guard descriptor >= 0 else { throw Self.error(folder) }
        #else
        descriptor = -1
        throw FileReadError(path: folder, code: ENOTSUP, reason: "folders can be watched on Linux only")
        #endif
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Watches one more folder; one that is watched already stays so. Throws ``FileReadError``.
    package func add(_ folder: String) throws {
        #if os(Linux)
        let mask =
            IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR
        let watch = inotify_add_watch(descriptor, folder, UInt32(bitPattern: mask))
        guard watch >= 0 else { throw Self.error(folder) }
        folders[watch] = folder
        #endif
    }

    private static func error(_ folder: String) -> FileReadError {
        // The system's text speaks of a full disk.
        errno == ENOSPC
            ? FileReadError(
                path: folder, code: ENOSPC,
                reason: "the system watches no more folders; raise fs.inotify.max_user_watches (sysctl)")
            : FileReadError(path: folder, code: errno)
    }

    /// Waits for something to happen.
    ///
    /// - Parameters:
    ///   - milliseconds: How long at most; -1 for ever.
    ///   - waker: A descriptor that ends waiting when it can be read.
    package func next(within milliseconds: Int32, or waker: Int32) -> [Event] {
        var requests = [
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: waker, events: Int16(POLLIN), revents: 0),
        ]
        guard poll(&requests, 2, milliseconds) > 0, requests[0].revents & Int16(POLLIN) != 0 else { return [] }
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
        guard count > 0 else { return [] }
        return events(Array(buffer[..<count]))
    }

    /// The records are a watch's number, what happened, a cookie, the length of the name, and the name with zeros after it.
    private func events(_ bytes: [UInt8]) -> [Event] {
        var found: [Event] = []
        var offset = 0
        let headSize = 16
        while offset + headSize <= bytes.count {
            let (watch, mask, length) = bytes.withUnsafeBytes { bytes in
                (
                    bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self),
                    bytes.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self),
                    Int(bytes.loadUnaligned(fromByteOffset: offset + 12, as: UInt32.self))
                )
            }
            let name = bytes[min(offset + headSize, bytes.count)..<min(offset + headSize + length, bytes.count)]
            offset += headSize + length
            found += event(watch, mask, String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)).map { [$0] } ?? []
        }
        return found
    }

    private func event(_ watch: Int32, _ mask: UInt32, _ name: String) -> Event? {
        #if os(Linux)
        func has(_ flag: Int32) -> Bool { mask & UInt32(bitPattern: flag) != 0 }
        if has(IN_Q_OVERFLOW) { return .lost }
        guard let folder = folders[watch] else { return nil }
        if has(IN_DELETE_SELF) || has(IN_MOVE_SELF) || has(IN_UNMOUNT) {
            inotify_rm_watch(descriptor, watch)
            folders[watch] = nil
            return .gone(folder)
        }
        let path = (folder as NSString).appendingPathComponent(name)
        if has(IN_ISDIR) {
            return has(IN_CREATE) || has(IN_MOVED_TO) ? .folder(path) : nil
        }
        return has(IN_CLOSE_WRITE) || has(IN_MOVED_TO) ? .file(path) : nil
        #else
        return nil
        #endif
    }
}
