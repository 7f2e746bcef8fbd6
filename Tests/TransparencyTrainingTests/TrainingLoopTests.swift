import Foundation
import Synchronization
import Testing
import Torch
import TorchTraining

@testable import TransparencyTraining

/// The loop with a task that trains nothing.
@Suite @ComputeActor struct TrainingLoopTests {
    struct Failure: Error, Equatable {}

    struct Record: TrainingRecord {
        let step: Int
        var summary: String { "record \(step)" }
    }

    @ComputeActor
    final class CountingTask: TrainingTask {
        var step: Int
        let totalSteps: Int
        var bestStep: Int?
        var best = 0
        var failsAt: Int?
        var validationIsPending = false
        var validationFailsAt: Int?

        init(step: Int = 0, totalSteps: Int = 7) { (self.step, self.totalSteps) = (step, totalSteps) }

        func update() async throws -> Record {
            if step + 1 == failsAt { throw Failure() }
            step += 1
            return Record(step: step)
        }

        func validate(writingTo folder: String) async throws -> (any TrainingRecord)? {
            if step == validationFailsAt { throw Failure() }
            if step == best { bestStep = step }
            return Record(step: step)
        }

        func checkpoint() throws -> CheckpointContents? {
            var contents = CheckpointContents()
            contents.groups["weights"] = .init([.init(part: 0, key: "step", try Tensor([Float(step)], shape: [1]))])
            contents.documents["state.json"] = Array("\(step) \(validationIsPending) \(bestStep ?? 0)".utf8)
            return contents
        }

        func writeModel(in folder: String, from store: (any CheckpointStore)?) async throws {
            try Data("\(step)".utf8).write(to: URL(fileURLWithPath: "\(folder)/model"))
        }
    }

    @ComputeActor
    final class Recorder: ExperimentLogger {
        var updates: [Int] = []
        var validations: [Int] = []
        var messages: [String] = []
        var summaries: [String] = []
        var ends = 0
        var ending: TrainingEnding?
        var failsAt: Int?

        func log(update: any TrainingRecord) throws {
            if update.step == failsAt { throw Failure() }
            updates.append(update.step)
        }
        func log(validation: any TrainingRecord) {
            validations.append(validation.step)
            summaries.append(validation.summary)
        }
        func log(message: String) { messages.append(message) }
        func end(_ ending: TrainingEnding) {
            ends += 1
            self.ending = ending
        }
    }

    private func loop(
        _ task: CountingTask, in folder: String, keepCheckpoints: Int = 2, valSteps: Int? = nil, recorder: Recorder,
        isInterrupted: @escaping @Sendable () -> Bool = { false }
    ) -> TrainingLoop<CountingTask> {
        TrainingLoop(
            task, folder: folder, store: FolderCheckpointStore(folder),
            schedule: .init(saveSteps: 3, valSteps: valSteps, keepCheckpoints: keepCheckpoints), loggers: [recorder],
            isInterrupted: isInterrupted)
    }

    private func model(_ folder: String) -> String? {
        FileManager.default.contents(atPath: "\(folder)/model").map { String(decoding: $0, as: UTF8.self) }
    }

    private func step(kept step: Int, in folder: String) throws -> [Float]? {
        try FolderCheckpointStore(folder).tensors("weights", of: step)["step"]?.array(of: Float.self)
    }

    @Test func savesWhenDueAndKeepsTheNewest() async throws {
        try await withFolder { @ComputeActor (folder: String) async throws -> Void in
            let recorder = Recorder()
            #expect(try await loop(CountingTask(), in: folder, recorder: recorder).run() == .finished)
            #expect(FolderCheckpointStore(folder).steps == [7, 6])
            #expect(try step(kept: 6, in: folder) == [6])
            #expect(recorder.updates == Array(1...7) && recorder.ends == 1 && model(folder) == "7")
            #expect(recorder.ending == .finished)
        }
    }

    @Test func validatesWhenDueAndKeepsTheBest() async throws {
        try await withFolder { @ComputeActor (folder: String) async throws -> Void in
            let (task, recorder) = (CountingTask(), Recorder())
            task.best = 2
            _ = try await loop(task, in: folder, keepCheckpoints: 1, valSteps: 2, recorder: recorder).run()
            #expect(recorder.validations == [2, 4, 6, 7])
            #expect(FolderCheckpointStore(folder).steps == [7, 2])
        }
    }

    private func state(kept step: Int, in folder: String) throws -> String {
        String(decoding: try FolderCheckpointStore(folder).document("state.json", of: step), as: UTF8.self)
    }

    /// The checkpoint is there before what may fail begins, and tells that it was begun.
    @Test func savesBeforeItValidates() async throws {
        try await withFolder { @ComputeActor (folder: String) async throws -> Void in
            let (task, recorder) = (Validating(), Recorder())
            task.duringValidation = { step in
                guard step == 3 else { return }
                let kept = try self.state(kept: 3, in: folder)
                #expect(kept == "3 true 0")
            }
            let loop = TrainingLoop(
                task, folder: folder, store: FolderCheckpointStore(folder),
                schedule: .init(saveSteps: 3, valSteps: 3, keepCheckpoints: 9), loggers: [recorder])
            #expect(try await loop.run() == .finished)
            #expect(task.validated == [3, 6, 7])
            // What came of it is in the checkpoint, which is whole.
            #expect(try state(kept: 3, in: folder) == "3 false 3")
            for step in [3, 6, 7] { try FolderCheckpointStore(folder).verify(step) }
        }
    }

    /// As `CountingTask`, with something to do in a validation.
    @ComputeActor
    final class Validating: TrainingTask {
        private let own = CountingTask()
        var validated: [Int] = []
        var duringValidation: (Int) throws -> Void = { _ in }
        var step: Int { own.step }
        var totalSteps: Int { own.totalSteps }
        var bestStep: Int? { own.bestStep }
        var validationIsPending: Bool {
            get { own.validationIsPending }
            set { own.validationIsPending = newValue }
        }
        func update() async throws -> Record { try await own.update() }
        func validate(writingTo folder: String) async throws -> (any TrainingRecord)? {
            validated.append(step)
            try duringValidation(step)
            own.best = 3
            return try await own.validate(writingTo: folder)
        }
        func checkpoint() throws -> CheckpointContents? { try own.checkpoint() }
        func writeModel(in folder: String, from store: (any CheckpointStore)?) async throws {}
    }

    @Test func aValidationThatFailsIsToldAndTheRunGoesOn() async throws {
        try await withFolder { @ComputeActor (folder: String) async throws -> Void in
            let (task, recorder) = (CountingTask(), Recorder())
            task.validationFailsAt = 2
            #expect(try await loop(task, in: folder, valSteps: 2, recorder: recorder).run() == .finished)
            #expect(recorder.validations == [2, 4, 6, 7] && recorder.updates == Array(1...7))
            #expect(recorder.summaries.first?.contains("the validation after update 2 failed") == true)
        }
    }

    @Test func aValidationThatWasCutOffIsDoneAgain() async throws {
        try await withFolder { @ComputeActor (folder: String) async throws -> Void in
            let (task, recorder) = (CountingTask(), Recorder())
            (task.step, task.validationIsPending) = (2, true)
            _ = try await loop(task, in: folder, valSteps: 2, recorder: recorder).run()
            #expect(recorder.validations == [2, 4, 6, 7] && recorder.updates == Array(3...7))
        }
    }

    /// A checkpoint that lies elsewhere is not that of the folder.
    @Test func whatIsKeptElsewhereIsSavedHere() async throws {
        try await withFolder { @ComputeActor (folder: String) async throws -> Void in
            _ = try await loop(CountingTask(step: 7), in: folder, recorder: Recorder()).run()
            #expect(FolderCheckpointStore(folder).steps == [7])
        }
    }

    @Test func stopsOnInterruptAndGoesOn() async throws {
        try await withFolder { @ComputeActor (folder: String) async throws -> Void in
            let (first, second) = (Recorder(), Recorder())
            let asked = Mutex(0)
            let outcome = try await loop(CountingTask(), in: folder, recorder: first) {
                asked.withLock {
                    $0 += 1
                    return $0 == 4
                }
            }.run()
            #expect(outcome == .interrupted && first.updates == [1, 2, 3, 4] && first.ends == 1)
            #expect(first.ending == .interrupted)
            #expect(FolderCheckpointStore(folder).steps == [4, 3] && model(folder) == nil)
            _ = try await loop(CountingTask(step: 4), in: folder, recorder: second).run()
            #expect(second.updates == [5, 6, 7] && model(folder) == "7")
        }
    }

    @Test func errorsSaveWhatWasReached() async throws {
        try await withFolder { @ComputeActor (folder: String) async throws -> Void in
            let (task, recorder) = (CountingTask(), Recorder())
            task.failsAt = 6
            await #expect(throws: Failure()) { try await loop(task, in: folder, recorder: recorder).run() }
            #expect(FolderCheckpointStore(folder).steps == [5, 3] && recorder.ends == 1 && model(folder) == nil)
            #expect(recorder.ending == .failed)
            // A logger that fails is an error as any other.
            let other = Recorder()
            other.failsAt = 6
            await #expect(throws: Failure()) {
                try await loop(CountingTask(step: 5), in: folder, recorder: other).run()
            }
            #expect(FolderCheckpointStore(folder).steps == [6, 5])
        }
    }

    /// Without checkpoints the model is what can be saved.
    @Test func withoutCheckpointsTheModelIsSaved() async throws {
        try await withFolder { @ComputeActor (folder: String) async throws -> Void in
            let task = CountingTask()
            task.failsAt = 5
            let run = TrainingLoop(task, folder: folder, store: nil, schedule: .init(), loggers: [Recorder()])
            await #expect(throws: Failure()) { try await run.run() }
            #expect(model(folder) == "4")
        }
    }

    @Test func whatIsThereIsNotWrittenAgain() async throws {
        try await withFolder { @ComputeActor (folder: String) async throws -> Void in
            let task = CountingTask()
            task.failsAt = 1
            await #expect(throws: Failure()) { try await loop(task, in: folder, recorder: Recorder()).run() }
            #expect(FolderCheckpointStore(folder).steps == [])

            _ = try await loop(CountingTask(), in: folder, recorder: Recorder()).run()
            let mark = "\(FolderCheckpointStore(folder).name(of: 7))/mark"
            try Data().write(to: URL(fileURLWithPath: mark))
            // A run that is over has its checkpoint; the model is written again.
            try FileManager.default.removeItem(atPath: "\(folder)/model")
            #expect(
                try await loop(CountingTask(step: 7), in: folder, recorder: Recorder()).run() == .finished)
            #expect(FileManager.default.fileExists(atPath: mark) && model(folder) == "7")
        }
    }

    @Test func theFirstErrorIsTold() async throws {
        try await withFolder { @ComputeActor (folder: String) async throws -> Void in
            let (task, recorder) = (CountingTask(), Recorder())
            task.failsAt = 2
            // No folder can be made below a file.
            try Data().write(to: URL(fileURLWithPath: "\(folder)/file"))
            let run = loop(task, in: "\(folder)/file/run", recorder: recorder)
            await #expect(throws: Failure()) { try await run.run() }
            #expect(recorder.messages.contains { $0.contains("what was reached could not be saved") })
        }
    }
}
