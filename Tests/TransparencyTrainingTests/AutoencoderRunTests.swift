import Foundation
import Synchronization
import SyntheticScenes
import Testing
import Torch
import TransparencyData

@testable import TransparencyTraining

@Suite struct AutoencoderRunTests {
    /// A run that stops and goes on comes to the bytes of one that was left alone, and leaves a VAE's files and nothing else.
    @Test @ComputeActor func goesOnToTheSame() async throws {
        try await withFolder { folder in
            _ = try await SyntheticDataset(seed: 4, size: 32, counts: [.train: 5]).write(to: "\(folder)/scenes")
            let dataset = try Dataset("\(folder)/scenes")
            var settings = AutoencoderTrainer.Settings()
            (settings.channels, settings.normGroups, settings.resolution) = ([8, 8], 4, 32)
            (settings.steps, settings.batchSize, settings.maskBatchSize, settings.maskWeight) = (9, 2, 3, 0.5)
            let made = settings

            @ComputeActor func run(_ name: String, resume: String? = nil, stopAfter: Int? = nil) async throws
                -> TrainingLoop<AutoencoderTrainer>.Outcome
            {
                let updates = Mutex(0)
                let run = try AutoencoderRun(
                    made, dataset: dataset, in: "\(folder)/\(name)", resume: resume, saveSteps: 4, device: .cpu,
                    workerCount: 1, loggers: [],
                    isInterrupted: {
                        updates.withLock {
                            $0 += 1
                            return $0 == stopAfter
                        }
                    })
                return try await run.run()
            }

            #expect(try await run("whole") == .finished)
            #expect(try await run("parts", stopAfter: 3) == .interrupted)
            await #expect(throws: TrainingError.outputInUse("\(folder)/parts")) { try await run("parts") }
            #expect(try await run("parts", resume: "checkpoint-3", stopAfter: 2) == .interrupted)
            #expect(try await run("parts", resume: "latest") == .finished)
            let names = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/parts").filter {
                $0.first != "."
            }
            #expect(names.sorted() == ["config.json", "diffusion_pytorch_model.safetensors", "log.jsonl"])
            for name in names {
                let (one, two) = ("\(folder)/whole/\(name)", "\(folder)/parts/\(name)")
                #expect(FileManager.default.contentsEqual(atPath: one, andPath: two), "\(name)")
            }
            // What is finished is not begun again.
            await #expect(throws: TrainingError.self) { try await run("parts", resume: "latest") }
        }
    }
}
