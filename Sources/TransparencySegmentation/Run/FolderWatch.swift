import Files
import Foundation
import Images
import Synchronization

/// The pictures that appear in a folder, or change there, one after the other as each is complete.
///
/// A file is complete when it was closed after writing or moved in and stays as it is for a moment; one that nobody told of, such as on a
/// file system that another machine writes to, when it stayed as it is for longer. The sequence ends when the task that iterates is
/// cancelled, or with ``failure``.
package final class FolderWatch: Sendable {
    /// What a picture is, and which earlier one has its results' names already.
    package struct Arrival: Sendable {
        package let picture: NamedPicture
        /// A sentence; nil where the names are free.
        package let problem: String?
    }

    private struct Candidate {
        var state: FileState?
        var unchangedSince: ContinuousClock.Instant
        var patience: Duration
    }

    private let folder: String
    private let isRecursive: Bool
    private let output: String?
    private let ended = Mutex<(any Error)?>(nil)

    /// How long a file stays as it is before it is taken: after it was closed, and where nobody told so.
    private static let (closedPatience, seenPatience) = (Duration.milliseconds(300), Duration.seconds(2))
    /// How often the folder is searched for what nobody told of, milliseconds.
    private static let searchInterval: Int32 = 10_000

    /// - Parameter output: A folder that is passed over.
    package init(_ folder: String, isRecursive: Bool, output: String) {
        (self.folder, self.isRecursive, self.output) = (folder, isRecursive, output)
    }

    /// Why watching ended by itself; nil while it goes on and when it was cancelled.
    package var failure: (any Error)? { ended.withLock { $0 } }

    /// Begins to watch, on a thread of its own.
    ///
    /// - Parameter isDone: Whether a picture that is there at first needs nothing, as it has its results.
    /// - Throws: ``SegmentationError/input(_:)`` of a folder that cannot be watched.
    package func arrivals(isDone: @escaping @Sendable (NamedPicture) -> Bool) throws -> AsyncStream<Arrival> {
        var wakers: [Int32] = [0, 0]
        guard pipe(&wakers) == 0 else {
            throw SegmentationError.input("\(folder) cannot be watched: \(String(cString: strerror(errno)))")
        }
        let (waker, wake) = (wakers[0], wakers[1])
        let events: FolderEvents
        do {
            events = try FolderEvents(watching: folder)
            try events.add(folder)
            if isRecursive { try walk().folders.forEach(events.add) } else { _ = try walk() }
        } catch let error as FileReadError {
            for end in wakers { close(end) }
            throw SegmentationError.input("\(error.path) cannot be watched: \(error.reason)")
        } catch {
            for end in wakers { close(end) }
            throw error
        }
        let (stream, continuation) = AsyncStream<Arrival>.makeStream()
        continuation.onTermination = { _ in close(wake) }
        start(events, waker, continuation, isDone)
        return stream
    }

    private func start(
        _ events: sending FolderEvents, _ waker: Int32, _ continuation: AsyncStream<Arrival>.Continuation,
        _ isDone: @escaping @Sendable (NamedPicture) -> Bool
    ) {
        let box = Mutex<FolderEvents?>(events)
        Thread.detachNewThread { [self] in
            defer { close(waker) }
            guard let events = box.withLock({ $0.take() }) else { return }
            do { try run(events, waker, continuation, isDone) } catch { ended.withLock { $0 = error } }
            continuation.finish()
        }
    }

    private func run(
        _ events: FolderEvents, _ waker: Int32, _ continuation: AsyncStream<Arrival>.Continuation,
        _ isDone: (NamedPicture) -> Bool
    ) throws {
        var known: [[UInt8]: FileState] = [:]
        var owners: [[UInt8]: String] = [:]
        var candidates: [[UInt8]: Candidate] = [:]
        var foreign: Set<[UInt8]> = []
        func path(_ key: [UInt8]) -> String { String(decoding: key, as: UTF8.self) }
        func see(_ path: String, patience: Duration) {
            candidates[FileName.key(path)] = Candidate(
                state: FileState(of: path), unchangedSince: .now, patience: patience)
        }
        func search() throws {
            let paths = try walk().pictures.map { (folder as NSString).appendingPathComponent($0) }
            for path in paths {
                let (key, state) = (FileName.key(path), FileState(of: path))
                guard known[key] == nil || known[key] != state, candidates[key] == nil else { continue }
                see(path, patience: Self.seenPatience)
            }
            // What was removed and comes again is new.
            known = known.filter { FileState(of: path($0.key)) != nil }
            owners = owners.filter { known[FileName.key($0.value)] != nil }
        }
        for name in try walk().pictures {
            let picture = NamedPicture(.file((folder as NSString).appendingPathComponent(name)), name: name)
            guard isDone(picture) else { continue }
            known[FileName.key(picture.source.name)] = FileState(of: picture.source.name)
            owners[FileName.key(picture.stem)] = picture.source.name
        }
        try search()
        var searched = ContinuousClock.now
        while true {
            let wait = candidates.isEmpty ? Self.searchInterval : 100
            let happened = events.next(within: wait, or: waker)
            if Self.isClosed(waker) { return }
            for event in happened { try take(event, events, search, see) }
            if ContinuousClock.now - searched >= .milliseconds(Int(Self.searchInterval)) {
                try search()
                searched = .now
            }
            for (key, candidate) in candidates.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
                let path = path(key)
                guard let state = FileState(of: path) else {
                    candidates[key] = nil
                    if FileName.isForeign(path), foreign.insert(key).inserted {
                        continuation.yield(
                            Arrival(
                                picture: NamedPicture(.file(path)),
                                problem: "\(path) cannot be opened: \(FileName.foreignReason)"))
                    }
                    continue
                }
                guard state == candidate.state else {
                    candidates[key]?.state = state
                    candidates[key]?.unchangedSince = .now
                    continue
                }
                guard ContinuousClock.now - candidate.unchangedSince >= candidate.patience else { continue }
                candidates[key] = nil
                guard known.updateValue(state, forKey: key) != state else { continue }
                let picture = NamedPicture(.file(path), name: String(path.dropFirst(folder.count).drop { $0 == "/" }))
                let owner = owners[FileName.key(picture.stem)] ?? path
                owners[FileName.key(picture.stem)] = owner
                continuation.yield(Arrival(picture: picture, problem: owner == path ? nil : Self.problem(path, owner)))
            }
        }
    }

    private func take(
        _ event: FolderEvents.Event, _ events: FolderEvents, _ search: () throws -> Void,
        _ see: (String, Duration) -> Void
    ) throws {
        switch event {
        case .file(let path):
            let name = (path as NSString).lastPathComponent
            if !name.hasPrefix("."), ImageReader.isSupported(fileName: name) { see(path, Self.closedPatience) }
        case .folder(let path):
            let name = (path as NSString).lastPathComponent
            guard isRecursive, !name.hasPrefix("."), realPath(path) != output.flatMap(realPath) else { return }
            // What was put into it before it was watched is found by searching.
            for folder in (try? FolderWalk(path, isRecursive: true, leavingOut: output).folders) ?? [] {
                do { try events.add(folder) } catch let error as FileReadError where !error.isMissing {
                    throw SegmentationError.input("\(folder) cannot be watched: \(error.reason)")
                } catch is FileReadError {}
            }
            try search()
        case .lost: try search()
        case .gone(let gone):
            guard gone == folder else { return }
            throw SegmentationError.input("the folder \(folder) was moved or removed; nothing is left to watch")
        }
    }

    private func walk() throws -> FolderWalk {
        try FolderWalk(folder, isRecursive: isRecursive, leavingOut: output)
    }

    private static func problem(_ path: String, _ owner: String) -> String {
        "\(path) would have the same results as \(owner); rename it"
    }

    /// Whether the other end of a pipe is closed.
    private static func isClosed(_ descriptor: Int32) -> Bool {
        var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&request, 1, 0) > 0
    }
}
