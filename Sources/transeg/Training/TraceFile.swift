import Files
import Foundation
import Torch

/// The file of `--trace`.
enum TraceFile {
    /// Runs `body` and writes where its time went, also where it ends in an error. Throws what `body` throws, else `FileError`.
    static func recording(to path: String?, _ body: () async throws -> Void) async throws {
        guard let path else { return try await body() }
        let rank = try LaunchEnvironment.detect()?.rank ?? 0
        Trace.start()
        do { try await body() } catch {
            try? write(rank, to: path)
            throw error
        }
        try write(rank, to: path)
    }

    private static func write(_ rank: Int, to path: String) throws {
        let file = rank == 0 ? path : "\((path as NSString).deletingPathExtension)-\(rank).json"
        try AtomicFile.write(Trace.finish(rank: rank), to: file)
    }
}
