import CMappedFiles
import Files

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A whole file in memory by `mmap`: pages are read when first touched and need no copy.
///
/// The mapping is private and writable, so an in-place operation on a tensor that borrows these bytes works on a copy of
/// the touched pages and never changes the file. What no mapping can guard against is another process that writes into the
/// file or cuts it short while it is mapped: the first is found by ``requireUnchanged()``, the second ends this process
/// (SIGBUS), with a sentence where the program has asked for one by ``endProcessWhenTruncated()``. A file that is replaced
/// by renaming stays what it was to those who have mapped it.
package final class MappedFile: @unchecked Sendable {
    // Unchecked because of the raw pointer only: all stored properties are constants, and this library only reads
    // through it. Who writes through `baseAddress` answers for concurrent access, as with any raw pointer.

    /// The path as given.
    package let path: String
    /// The size of the file in bytes when it was opened.
    package let count: Int
    /// The first byte; valid as long as this object lives. Page aligned. For an empty file it points to no file content.
    package let baseAddress: UnsafeMutableRawPointer

    private let mappedByteCount: Int
    /// Kept open, for the file may have another name by now or none.
    private let descriptor: Int32
    private let written: WrittenState
    /// In the table of those that ``endProcessWhenTruncated()`` knows.
    private let place: Int32

    /// Maps the file at `path`.
    ///
    /// Throws `fileAccess` if it cannot be opened or mapped, `notARegularFile` for a directory, pipe or device, and
    /// `gitLFSPointer` where the file itself has not been fetched.
    package init(path: String) throws {
        // Without O_NONBLOCK, opening a named pipe would wait for a writer; regular files ignore it.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw SafetensorsError.fileAccess(path: path, operation: "open", code: errno)
        }
        var isMapped = false
        defer { if !isMapped { close(descriptor) } }

        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw SafetensorsError.fileAccess(path: path, operation: "inspect", code: errno)
        }
        guard status.st_mode & S_IFMT == S_IFREG else { throw SafetensorsError.notARegularFile(path: path) }

        let byteCount = Int(status.st_size)
        let protection = PROT_READ | PROT_WRITE
        // NORESERVE: a private writable mapping would otherwise ask for swap for a whole model.
        // Zero bytes cannot be mapped, so that an empty file gets an anonymous page to point to.
        let address =
            byteCount > 0
            ? mmap(nil, byteCount, protection, MAP_PRIVATE | MAP_NORESERVE, descriptor, 0)
            : mmap(nil, 1, protection, MAP_PRIVATE | MAP_ANON, -1, 0)
        guard let address, address != MAP_FAILED else {
            throw SafetensorsError.fileAccess(path: path, operation: "map", code: errno)
        }
        // Before the first look at the content, which may be cut short already.
        let place = mapped_files_add(address, byteCount, path)
        let content = UnsafeRawBufferPointer(start: address, count: byteCount)
        if let pointer = GitLFSPointer(content) {
            mapped_files_remove(place)
            munmap(address, max(byteCount, 1))
            throw SafetensorsError.gitLFSPointer(path: path, pointer)
        }
        isMapped = true
        self.path = path
        count = byteCount
        mappedByteCount = max(byteCount, 1)
        baseAddress = address
        self.descriptor = descriptor
        written = WrittenState(status)
        self.place = place
    }

    deinit {
        mapped_files_remove(place)
        munmap(baseAddress, mappedByteCount)
        close(descriptor)
    }

    /// Throws `changed` when the file has been written to since its opening, so that what was read of it may be of two contents.
    package func requireUnchanged() throws {
        var status = stat()
        guard fstat(descriptor, &status) == 0, written.holds(of: WrittenState(status)) else {
            throw SafetensorsError.changed(path: path)
        }
    }

    /// From now on reading beyond the end of a mapped file, which has been cut short, ends the process with one sentence and exit code 1
    /// instead of by the signal. For programs: a library has no business with its host's signals.
    package static func endProcessWhenTruncated() { mapped_files_end_process_when_truncated() }

    /// Lends `byteCount` bytes at `byteOffset`; the buffer is valid only inside `body`.
    ///
    /// Throws `outOfBounds` if the range is not inside the file, and whatever `body` throws.
    package func withUnsafeBytes<R>(
        byteOffset: Int, byteCount: Int, _ body: (UnsafeRawBufferPointer) throws -> R
    ) throws -> R {
        guard byteOffset >= 0, byteCount >= 0, byteOffset <= count, byteCount <= count - byteOffset else {
            throw SafetensorsError.outOfBounds(
                path: path, byteOffset: byteOffset, byteCount: byteCount, fileByteCount: count)
        }
        return try withExtendedLifetime(self) {
            try body(UnsafeRawBufferPointer(start: baseAddress + byteOffset, count: byteCount))
        }
    }

    /// Drops the pages that lie wholly inside the range from resident memory; the next access reads them from the file
    /// again. Call it when a tensor has been copied to its device, so that a model is not in host memory as well.
    ///
    /// Changes made in place to those pages are lost. A range outside the file is clipped. Never fails: where the system
    /// declines, memory use stays as it was.
    package func evict(byteOffset: Int, byteCount: Int) {
        let start = min(max(byteOffset, 0), count)
        let end = start + min(max(byteCount, 0), count - start)
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        // Inwards: a page at the edge may hold a neighbor's bytes that someone has changed in place.
        let firstPage = (start + page - 1) / page * page
        let endPage = end / page * page
        guard firstPage < endPage else { return }
        madvise(baseAddress + firstPage, endPage - firstPage, MADV_DONTNEED)
    }
}
