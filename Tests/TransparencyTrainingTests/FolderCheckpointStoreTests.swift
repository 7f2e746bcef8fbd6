import Foundation
import TestSupport
import Testing
import Torch
import TorchTraining

@testable import TransparencyTraining

/// Checkpoints are whole or not there.
@Suite struct FolderCheckpointStoreTests {
    private func contents(_ value: Float) throws -> CheckpointContents {
        var contents = CheckpointContents()
        contents.groups["part/weights"] = .init([.init(part: 0, key: "a", try Tensor([value, 2], shape: [2]))])
        contents.documents["state.json"] = Array("{}".utf8)
        return contents
    }

    @Test func whatIsWrittenIsReadAgain() throws {
        try withTemporaryFolder { folder in
            let store = FolderCheckpointStore(folder)
            try store.write(contents(1), step: 3)
            #expect(store.steps == [3])
            #expect(try store.verify(3) == ["part/weights", "state.json"])
            #expect(try store.tensors("part/weights", of: 3)["a"]?.array(of: Float.self) == [1, 2])
            #expect(try store.document("state.json", of: 3) == Data("{}".utf8))
            // One of the same step takes its place, and nothing else is left.
            try store.write(contents(5), step: 3)
            #expect(try store.tensors("part/weights", of: 3)["a"]?.array(of: Float.self) == [5, 2])
            try store.verify(3)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["checkpoint-3"])
        }
    }

    @Test func damageIsFound() throws {
        try withTemporaryFolder { folder in
            let store = FolderCheckpointStore(folder)
            for step in 1...3 { try store.write(contents(1), step: step) }
            try Data("{ }".utf8).write(to: URL(fileURLWithPath: "\(store.name(of: 3))/state.json"))
            try FileManager.default.removeItem(atPath: "\(store.name(of: 2))/part/weights.safetensors")
            #expect { try store.verify(3) } throws: { "\($0)".contains("state.json has changed since it was written") }
            #expect { try store.verify(2) } throws: { "\($0)".contains("part/weights.safetensors is missing") }
            #expect(throws: TrainingError.noCheckpoint(store.name(of: 9))) { try store.verify(9) }
        }
    }

    @Test func theNewestAndTheBestAreKept() throws {
        try withTemporaryFolder { folder in
            let store = FolderCheckpointStore(folder)
            for step in 1...6 { try store.write(contents(1), step: step) }
            // 6 is of a run that was gone back on: it does not push out what is newer now.
            try store.prune(keeping: 2, upTo: 5, best: 2)
            #expect(store.steps == [6, 5, 4, 2])
        }
    }

    /// A manifest without a version is read; one of a later version is not.
    @Test func formatsAreKnown() throws {
        try withTemporaryFolder { folder in
            let store = FolderCheckpointStore(folder)
            try store.write(contents(1), step: 1)
            let path = "\(store.name(of: 1))/manifest.json"
            let data = try Data(contentsOf: URL(fileURLWithPath: path))
            let manifest = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
            #expect(manifest["format_version"] as? Int == 2)
            let files = try #require(manifest["files"] as? [String: Any])
            try JSONSerialization.data(withJSONObject: files).write(to: URL(fileURLWithPath: path))
            #expect(try store.verify(1).count == 2)
            try editJSON(path) { $0 = ["format_version": 99, "files": files] }
            #expect { try store.verify(1) } throws: { "\($0)".contains("its format is 99") }
        }
    }

    @Test func nothingIsLeftOfAFailure() throws {
        try withTemporaryFolder { folder in
            let store = FolderCheckpointStore(folder)
            var bad = try contents(1)
            // A document's name that is a folder already.
            bad.documents["part"] = [1]
            #expect(throws: (any Error).self) { try store.write(bad, step: 1) }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [])
        }
    }
}

extension CheckpointStore {
    /// Writes a checkpoint by one process and waits for it.
    func write(_ contents: CheckpointContents, step: Int) throws {
        try begin(contents, step: step, ranks: Ranks(), room: 1 << 20).commit()
    }
}
