import Foundation

/// A folder that appears whole or not at all: it is filled under another name beside its target, flushed, and renamed.
///
/// ``commit(replacing:)`` ends it; where that is not reached, what was staged is removed with the object. What a killed process left is
/// removed by the next one that stages in the same folder.
package final class StagedFolder {
    /// Where the content is put before ``commit(replacing:)``.
    package let path: String
    private let target: String
    /// The target as the caller named it, for errors.
    private let givenTarget: String
    /// Locked for as long as this process works on it, which tells a leftover from another's work.
    private let lock: Int32
    private var isOver = false

    /// Stages what `body` puts into the folder, and commits it.
    ///
    /// - Throws: What `body` throws, and ``FileError``, which names files where they were to appear: the staged folder is gone by then.
    package static func write(
        to target: String, replacing replaces: Bool = false, _ body: (StagedFolder) throws -> Void
    ) throws {
        let staged = try StagedFolder(for: target)
        do {
            try body(staged)
        } catch let error as FileError where error.path.hasPrefix("\(staged.path)/") {
            throw FileError(path: target + error.path.dropFirst(staged.path.count), reason: error.reason)
        }
        try staged.commit(replacing: replaces)
    }

    /// Makes an empty folder beside `target`, and the folders above it.
    ///
    /// - Throws: ``FileError``.
    package init(for target: String) throws {
        try FileError.requireName(target)
        let url = URL(fileURLWithPath: target)
        let parent = url.deletingLastPathComponent().path
        try Self.make(parent, for: target)
        (self.target, givenTarget) = (url.path, target)
        Self.recover(url.path)
        Self.removeStaged(in: parent)
        (path, lock) = try Self.makeLocked(for: url.path)
    }

    /// A new folder and its lock. One that another process takes for a leftover before it is locked is made again.
    private static func makeLocked(for target: String) throws -> (path: String, lock: Int32) {
        var code: Int32 = 0
        for _ in 0..<10 {
            let path = sibling(of: target, .staged)
            guard mkdir(path, 0o777) == 0 else { throw FileError(path: target, code: errno) }
            let lock = open(path, O_RDONLY | O_CLOEXEC)
            // On a file system without locks leftovers stay, which is no reason to write nothing.
            let isHeld = lock >= 0 && (flock(lock, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
            code = errno
            if isHeld, isFolder(path) { return (path, lock) }
            if lock >= 0 { close(lock) }
            rmdir(path)
        }
        throw FileError(path: target, code: code)
    }

    deinit {
        if !isOver { try? FileManager.default.removeItem(atPath: path) }
        close(lock)
    }

    /// What a hidden folder beside a target is.
    private enum Mark: String {
        /// On its way to the target, or from it to nothing.
        case staged = "partial"
        /// What was at the target while its successor is moved in by two renames.
        case replaced
    }

    /// A new name beside a target.
    private static func sibling(of target: String, _ mark: Mark) -> String {
        let url = URL(fileURLWithPath: target)
        let name = "\(prefix(for: url.lastPathComponent, mark))\(getpid())-\(UInt32.random(in: 0 ... .max))"
        return "\(url.deletingLastPathComponent().path)/\(name)"
    }

    /// The beginning of such names. A name of the greatest length has no room for more.
    private static func prefix(for name: String, _ mark: Mark) -> String {
        var short = name
        while short.utf8.count > 200 { short.removeLast() }
        return ".\(short).\(mark.rawValue)-"
    }

    /// Mends what killed processes left of a target: what they replaced comes back where nothing took its place, and the rest goes.
    private static func recover(_ target: String) {
        for folder in leftovers(of: target, .replaced) {
            var status = stat()
            if lstat(target, &status) != 0, rename(folder, target) == 0 { continue }
            try? FileManager.default.removeItem(atPath: folder)
        }
        for folder in leftovers(of: target, .staged) { removeUnlocked(folder) }
    }

    private static func removeUnlocked(_ folder: String) {
        let descriptor = open(folder, O_RDONLY | O_CLOEXEC | O_DIRECTORY | O_NOFOLLOW)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        // What cannot be removed only takes space.
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { try? FileManager.default.removeItem(atPath: folder) }
    }

    /// Removes what killed processes were staging in a folder, whatever for: as large as a model, and hidden.
    private static func removeStaged(in folder: String) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
            // Names that only this type gives: a target's, a process and a number.
            if name.wholeMatch(of: /\..+\.partial-[0-9]+-[0-9]+/) != nil { removeUnlocked("\(folder)/\(name)") }
        }
    }

    private static func leftovers(of target: String, _ mark: Mark) -> [String] {
        let url = URL(fileURLWithPath: target)
        let (parent, prefix) = (
            url.deletingLastPathComponent().path, prefix(for: url.lastPathComponent, mark)
        )
        return ((try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? [])
            .filter { $0.hasPrefix(prefix) }.map { "\(parent)/\($0)" }
    }

    /// Mends what killed processes left of all folders that were staged in `folder`.
    package static func recoverAll(in folder: String) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] where name.hasPrefix(".") {
            for mark in [Mark.staged, .replaced] {
                guard let end = name.range(of: ".\(mark.rawValue)-", options: .backwards) else { continue }
                recover("\(folder)/\(name[..<end.lowerBound].dropFirst())")
            }
        }
    }

    /// Removes a folder, first from sight. Throws ``FileError``.
    package static func remove(_ path: String) throws {
        let trash = sibling(of: path, .staged)
        guard rename(URL(fileURLWithPath: path).path, trash) == 0 else {
            throw FileError(path: path, code: errno)
        }
        try? FileManager.default.removeItem(atPath: trash)
    }

    /// Makes a folder in the staged one, and those above it. Throws ``FileError``.
    package func makeFolder(_ name: String) throws {
        try Self.make("\(path)/\(name)", for: "\(givenTarget)/\(name)")
    }

    /// Errors name what the caller knows.
    private static func make(_ folder: String, for target: String) throws {
        do { try Files.makeFolder(folder) } catch let error as FileError {
            throw FileError(path: target, reason: error.reason)
        }
    }

    /// Puts a file that is there already into the staged folder: by a second name for it, or as a copy where the file system has none.
    ///
    /// Throws ``FileError``.
    package func link(_ file: String, as name: String) throws {
        if giveName("\(path)/\(name)", to: file) { return }
        do {
            try FileManager.default.copyItem(atPath: file, toPath: "\(path)/\(name)")
        } catch {
            throw FileError(path: "\(givenTarget)/\(name)", reason: error.localizedDescription)
        }
    }

    /// Flushes all files and gives the folder its name.
    ///
    /// - Parameter replaces: Whether a folder that is at the target is replaced, in one step where the file system can exchange names;
    ///   else it is an error that something is there.
    /// - Throws: ``FileError``; what was at the target is then still there.
    package func commit(replacing replaces: Bool = false) throws {
        try flush()
        var status = stat()
        if lstat(target, &status) == 0, !replaces || status.st_mode & S_IFMT != S_IFDIR {
            throw replaces ? FileError(path: givenTarget, reason: "it is no folder; name another") : .taken(givenTarget)
        }
        let flags = replaces ? renameExchange : renameNoReplace
        errno = ENOSYS
        if renameat2?(AT_FDCWD, path, AT_FDCWD, target, flags) == 0 {
            isOver = true
            // After an exchange the old folder has the staged one's name.
            if replaces { try? FileManager.default.removeItem(atPath: path) }
        } else if errno == EEXIST {
            throw FileError.taken(givenTarget)
        } else {
            try renamePlainly()
            isOver = true
        }
        flushFolder(URL(fileURLWithPath: target).deletingLastPathComponent().path)
    }

    /// For a target that is not there yet, and for file systems that know no other kind of renaming.
    func renamePlainly() throws {
        let old = Self.sibling(of: target, .replaced)
        let isThere = isFolder(target)
        if isThere, rename(target, old) != 0 { throw FileError(path: givenTarget, code: errno) }
        guard rename(path, target) == 0 else {
            let code = errno
            if isThere { rename(old, target) }
            throw FileError(path: givenTarget, code: code)
        }
        if isThere { try? FileManager.default.removeItem(atPath: old) }
    }

    private func flush() throws {
        guard let content = FileManager.default.subpaths(atPath: path) else {
            throw FileError(path: givenTarget, reason: "its staged folder \(path) has gone")
        }
        for name in content + [""] {
            var status = stat()
            // A link has no content of its own.
            if lstat("\(path)/\(name)", &status) == 0, status.st_mode & S_IFMT == S_IFLNK { continue }
            let descriptor = open("\(path)/\(name)", O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { throw FileError(path: "\(givenTarget)/\(name)", code: errno) }
            defer { close(descriptor) }
            // Some file systems cannot flush a folder.
            guard uninterrupted({ fsync(descriptor) }) == 0 || errno == EINVAL else {
                throw FileError(path: "\(givenTarget)/\(name)", code: errno)
            }
        }
    }
}

/// Gives a file a second name; says whether that went.
private func giveName(_ name: String, to file: String) -> Bool { link(file, name) == 0 }

/// Linux's `renameat2`, which the C headers show to GNU's own dialect alone; nil elsewhere and before glibc 2.28.
private let renameat2: RenameAt2? = dlsym(nil, "renameat2").map { unsafeBitCast($0, to: RenameAt2.self) }

private typealias RenameAt2 =
    @convention(c) (Int32, UnsafePointer<CChar>, Int32, UnsafePointer<CChar>, UInt32) -> Int32

/// `linux/fs.h`: fail where the new name is taken; exchange the two names.
private let (renameNoReplace, renameExchange): (UInt32, UInt32) = (1, 2)
