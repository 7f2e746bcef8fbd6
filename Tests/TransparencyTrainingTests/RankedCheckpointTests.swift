import Foundation
import TestSupport
import Testing
import Torch
import TorchTraining

@testable import TransparencyTraining

/// Checkpoints that several processes write together.
@Suite struct RankedCheckpointTests {
    private static let keys = ["a", "b", "c", "d", "e"]

    /// Five parts, each of which its owner alone has.
    private func contents(_ ranks: Ranks, failsOn failing: Int? = nil) throws -> CheckpointContents {
        let pieces = Self.keys.enumerated().map { part, key in
            CheckpointPiece(part: part, [(key, [2]), (key + "2", [])]) { owner in
                guard owner == ranks.rank else { return nil }
                // More than any machine has.
                if owner == failing { return try Tensor([Float(0)], shape: [1]).expand([1 << 46]) }
                return try Tensor([Float(part), 1, 2], shape: [3])
            }
        }
        var contents = CheckpointContents()
        contents.groups["part/weights"] = .init(pieces)
        contents.groups["adapters"] = .init(
            [.init(part: 1, key: "x", try Tensor([Float(7)], shape: [1]))], isOneFile: true)
        contents.documents["state.json"] = Array("{}".utf8)
        return contents
    }

    private func write(by size: Int, in folder: String, failsOn failing: Int? = nil) throws -> [Result<Void, any Error>]
    {
        let store = FolderCheckpointStore(folder)
        return try withProcessGroups(size) { group in
            let ranks = Ranks(group)
            let pending = try store.begin(
                contents(ranks, failsOn: failing), step: 4, ranks: ranks, room: group.rank == 0 ? 0 : 1 << 20)
            #expect(store.steps.isEmpty || failing != nil)
            try pending.commit()
        }
    }

    @Test(arguments: [1, 2, 3, 7]) func manyWriteOne(size: Int) throws {
        try withTemporaryFolder { folder in
            let store = FolderCheckpointStore(folder)
            for result in try write(by: size, in: folder) { try result.get() }
            let tensors = try store.tensors("part/weights", of: 4)
            #expect(tensors.count == 10)
            for (part, key) in Self.keys.enumerated() {
                #expect(try tensors[key]?.array(of: Float.self) == [Float(part), 1])
                #expect(try tensors[key + "2"]?.item() == 2)
            }
            #expect(try store.tensors("adapters", of: 4)["x"]?.item() == 7)
            let count = min(size, 5)
            let names = try FileManager.default.contentsOfDirectory(atPath: "\(store.name(of: 4))/part").sorted()
            let expected = (1...count).map { "weights-0000\($0)-of-0000\(count).safetensors" }
            #expect(names == (count == 1 ? ["weights.safetensors"] : expected + ["weights.safetensors.index.json"]))
            #expect(try store.manifest(of: 4).worldSize == size)
            #expect(try store.verify(4) == ["part/weights", "adapters", "state.json"])
            // Each looks at its share; one that finds damage stops all.
            let shard = "\(store.name(of: 4))/part/\(names[0])"
            try Data("damage".utf8).write(to: URL(fileURLWithPath: shard))
            let found = try withProcessGroups(size) { try store.verify(4, ranks: Ranks($0)) }
            #expect(found.count { (try? $0.get()) == nil } == 1)
        }
    }

    @Test func oneThatFailsStopsAll() throws {
        try withTemporaryFolder { folder in
            for result in try write(by: 3, in: folder) { try result.get() }
            let before = try FolderCheckpointStore(folder).manifest(of: 4)
            let results = try write(by: 3, in: folder, failsOn: 1)
            #expect { try results[1].get() } throws: { "\($0)".contains("of memory could not be had") }
            for rank in [0, 2] {
                #expect { try results[rank].get() } throws: { "\($0)".hasPrefix("rank 1 failed: ") }
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["checkpoint-4"])
            #expect(try FolderCheckpointStore(folder).manifest(of: 4).files == before.files)
            try FolderCheckpointStore(folder).verify(4)
        }
    }

    @Test func trainingGoesOnMeanwhile() throws {
        try withTemporaryFolder { folder in
            let store = FolderCheckpointStore(folder)
            let weight = try Tensor([Float(1)], shape: [1])
            var contents = CheckpointContents()
            contents.groups["weights"] = .init([.init(part: 0, key: "w", weight)])
            let pending = try store.begin(contents, step: 1, ranks: Ranks(), room: 1 << 20)
            try weight.copyInPlace(Tensor([Float(2)], shape: [1]))
            #expect(store.steps == [])
            try pending.commit()
            #expect(try store.tensors("weights", of: 1)["w"]?.item() == 1)
            // One that is given up leaves nothing.
            _ = try store.begin(contents, step: 2, ranks: Ranks(), room: 0)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["checkpoint-1"])
        }
    }
}
