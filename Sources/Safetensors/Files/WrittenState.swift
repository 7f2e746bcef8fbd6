#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// What a file's status tells of who has written to it.
struct WrittenState {
    private let size: off_t
    private let modified: timespec
    private let changed: timespec
    /// What also moves the time of change, and leaves the content as it is: links, mode and owner.
    private let attributes: [UInt64]

    init(_ status: stat) {
        size = status.st_size
        attributes = [UInt64(status.st_nlink), UInt64(status.st_mode), UInt64(status.st_uid), UInt64(status.st_gid)]
        #if canImport(Darwin)
        (modified, changed) = (status.st_mtimespec, status.st_ctimespec)
        #else
        (modified, changed) = (status.st_mtim, status.st_ctim)
        #endif
    }

    /// Whether the content is as it was. Tools that write into a file and then set its time of modification back (`cp -p`,
    /// `rsync --inplace`) cannot set back the time of change.
    func holds(of later: WrittenState) -> Bool {
        size == later.size && Self.equal(modified, later.modified)
            && (Self.equal(changed, later.changed) || attributes != later.attributes)
    }

    private static func equal(_ one: timespec, _ other: timespec) -> Bool {
        one.tv_sec == other.tv_sec && one.tv_nsec == other.tv_nsec
    }
}
