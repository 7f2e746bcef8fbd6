import Foundation
import TestSupport
import Testing

@testable import TransparencyTraining

@Suite struct TrainingFolderTests {
    /// Killed while the model, or a checkpoint, was written: as large as a model, and hidden.
    @Test func whatAKilledRunWasWritingIsRemoved() throws {
        try withTemporaryFolder { folder in
            let run = "\(folder)/run"
            for name in [".model.partial-1-2/transformer", ".checkpoint-20.partial-1-2", "checkpoint-10", "model"] {
                try FileManager.default.createDirectory(atPath: "\(run)/\(name)", withIntermediateDirectories: true)
            }
            _ = try TrainingFolder(run)
            #expect(try FileManager.default.contentsOfDirectory(atPath: run).sorted() == ["checkpoint-10", "model"])
        }
    }
}
