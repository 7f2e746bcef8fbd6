import Foundation

/// A folder that appears whole or not at all: it is filled under another name beside its target, flushed, and renamed.
///
/// ``commit(replacing:)`` ends it; where that is not reached, what was staged is removed with the object. What a killed process left is
/// removed by the next one that stages for the same target.
package final class StagedFolder {
    /// Where the content is put before ``commit(replacing:)``.
    package let path: String
    private let target: String
    /// Locked for as long as this process works on it, which tells a leftover from another's work.
    private let lock: Int32
    private var isOver = false

    /// Makes an empty folder beside `target`, and the folders above it.
    ///
    /// - Throws: ``AtomicFileError``.
    package init(for target: String) throws {
        let url = URL(fileURLWithPath: target)
        let parent = url.deletingLastPathComponent().path
        let prefix = Self.prefix(for: url.lastPathComponent)
        (self.target, path) = (url.path, "\(parent)/\(prefix)\(getpid())-\(UInt32.random(in: 0 ... .max))")
        do {
            try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
        } catch {
            throw AtomicFileError(path: target, reason: error.localizedDescription)
        }
        Self.removeLeftovers(in: parent, prefix: prefix)
        guard mkdir(path, 0o777) == 0 else { throw AtomicFileError(path: target, code: errno) }
        lock = open(path, O_RDONLY | O_CLOEXEC)
        guard lock >= 0, flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            if lock >= 0 { close(lock) }
            rmdir(path)
            throw AtomicFileError(path: target, code: code)
        }
    }

    deinit {
        if !isOver { try? FileManager.default.removeItem(atPath: path) }
        close(lock)
    }

    /// The beginning of the names of folders that are staged for a target. A name of the greatest length has no room for more.
    private static func prefix(for name: String) -> String {
        var short = name
        while short.utf8.count > 200 { short.removeLast() }
        return ".\(short).partial-"
    }

    private static func removeLeftovers(in parent: String, prefix: String) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? [] where name.hasPrefix(prefix) {
            let descriptor = open("\(parent)/\(name)", O_RDONLY | O_CLOEXEC | O_DIRECTORY | O_NOFOLLOW)
            guard descriptor >= 0 else { continue }
            defer { close(descriptor) }
            // What cannot be removed only takes space.
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 {
                try? FileManager.default.removeItem(atPath: "\(parent)/\(name)")
            }
        }
    }

    /// Removes a folder, first from sight. Throws ``AtomicFileError``.
    package static func remove(_ path: String) throws {
        let url = URL(fileURLWithPath: path)
        let trash = "\(url.deletingLastPathComponent().path)/\(prefix(for: url.lastPathComponent))\(getpid())-trash"
        guard rename(url.path, trash) == 0 else { throw AtomicFileError(path: path, code: errno) }
        try? FileManager.default.removeItem(atPath: trash)
    }

    /// Makes a folder in the staged one, and those above it. Throws ``AtomicFileError``.
    package func makeFolder(_ name: String) throws {
        do {
            try FileManager.default.createDirectory(atPath: "\(path)/\(name)", withIntermediateDirectories: true)
        } catch {
            throw AtomicFileError(path: "\(target)/\(name)", reason: error.localizedDescription)
        }
    }

    /// Flushes all files and gives the folder its name.
    ///
    /// - Parameter replaces: Whether a folder that is at the target is replaced, in one step where the file system can exchange names;
    ///   else it is an error that something is there.
    /// - Throws: ``AtomicFileError``; what was at the target is then still there.
    package func commit(replacing replaces: Bool = false) throws {
        try flush()
        let flags = replaces ? renameExchange : renameNoReplace
        errno = ENOSYS
        if renameat2?(AT_FDCWD, path, AT_FDCWD, target, flags) == 0 {
            isOver = true
            // After an exchange the old folder has the staged one's name.
            if replaces { try? FileManager.default.removeItem(atPath: path) }
        } else if !replaces, errno == EEXIST {
            throw AtomicFileError(path: target, reason: "something is there already")
        } else {
            try renamePlainly(replaces: replaces)
            isOver = true
        }
        flushFolder(URL(fileURLWithPath: target).deletingLastPathComponent().path)
    }

    /// For a target that is not there yet, and for file systems that know no other kind of renaming.
    private func renamePlainly(replaces: Bool) throws {
        var status = stat()
        let isThere = lstat(target, &status) == 0
        if isThere, !replaces { throw AtomicFileError(path: target, reason: "something is there already") }
        let old = path + "-old"
        if isThere, rename(target, old) != 0 { throw AtomicFileError(path: target, code: errno) }
        guard rename(path, target) == 0 else {
            let code = errno
            if isThere { rename(old, target) }
            throw AtomicFileError(path: target, code: code)
        }
        if isThere { try? FileManager.default.removeItem(atPath: old) }
    }

    private func flush() throws {
        guard let content = FileManager.default.subpaths(atPath: path) else {
            throw AtomicFileError(path: target, reason: "its staged folder \(path) has gone")
        }
        for name in content + [""] {
            let descriptor = open("\(path)/\(name)", O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
            guard descriptor >= 0 else { throw AtomicFileError(path: "\(target)/\(name)", code: errno) }
            defer { close(descriptor) }
            // Some file systems cannot flush a folder.
            guard fsync(descriptor) == 0 || errno == EINVAL else {
                throw AtomicFileError(path: "\(target)/\(name)", code: errno)
            }
        }
    }
}

/// Linux's `renameat2`, which the C headers show to GNU's own dialect alone; nil elsewhere and before glibc 2.28.
private let renameat2: RenameAt2? = dlsym(nil, "renameat2").map { unsafeBitCast($0, to: RenameAt2.self) }

private typealias RenameAt2 =
    @convention(c) (Int32, UnsafePointer<CChar>, Int32, UnsafePointer<CChar>, UInt32) -> Int32

/// `linux/fs.h`: fail where the new name is taken; exchange the two names.
private let (renameNoReplace, renameExchange): (UInt32, UInt32) = (1, 2)
