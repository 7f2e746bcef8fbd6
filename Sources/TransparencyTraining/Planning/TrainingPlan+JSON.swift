import Foundation

/// What `--dry-run --json` prints.
private struct PlanReport: Encodable {
    struct Memory: Encodable {
        let deviceParts: [String: Int]
        let deviceBytes: Int
        let hostParts: [String: Int]
        let hostBytes: Int
        let diskBytes: Int
        let bytesPerHost: Int

        init(_ memory: TrainingMemory) {
            func dictionary(_ parts: [(name: String, bytes: Int)]) -> [String: Int] {
                Dictionary(parts.map { ($0.name, $0.bytes) }) { $0 + $1 }
            }
            (deviceParts, deviceBytes) = (dictionary(memory.parts), memory.total)
            (hostParts, hostBytes) = (dictionary(memory.hostParts), memory.hostBytes)
            (diskBytes, bytesPerHost) = (memory.diskBytes, memory.bytesPerHost)
        }
    }

    struct Traffic: Encodable {
        let wireBytes: Double
        let linkBytes: Double
        let diskBytes: Double

        init(_ traffic: TrainingTraffic) {
            (wireBytes, linkBytes, diskBytes) = (traffic.wireBytes, traffic.linkBytes, traffic.diskBytes)
        }
    }

    struct Candidate: Encodable {
        let settings: [String: String]
        let fits: Bool
        let deviceBytes: Int
        let bytesPerHost: Int
        let diskBytesPerHost: Int
        let lackingDeviceBytes: Int
        let lackingHostBytes: Int
        let lackingDiskBytes: Int
        let traffic: Traffic
        let seconds: Double
        let arithmeticSeconds: Double
        let wireSeconds: Double
        let linkSeconds: Double
        let diskSeconds: Double
        let optimizerSeconds: Double

        init(_ candidate: TrainingPlanner.Candidate) {
            settings = Dictionary(candidate.choices.map { ($0.name, $0.value) }) { $1 }
            (fits, deviceBytes) = (candidate.fits, candidate.memory.total)
            (bytesPerHost, diskBytesPerHost) = (candidate.memory.bytesPerHost, candidate.memory.diskBytesPerHost)
            (lackingDeviceBytes, lackingHostBytes, lackingDiskBytes) = candidate.lacking
            traffic = Traffic(candidate.traffic)
            let time = candidate.time
            (seconds, arithmeticSeconds, wireSeconds) = (time.total, time.arithmetic, time.wire)
            (linkSeconds, diskSeconds, optimizerSeconds) = (time.link, time.disk, time.optimizer)
        }
    }

    let pictures: Int
    let picturesPerUpdate: Int
    let updates: Int
    let updatesPerEpoch: Int
    let processes: Int
    let processesPerHost: Int
    let trainedNumbers: Int
    let checkpointBytes: Int
    let updateTflop: Double
    let memory: Memory
    let traffic: Traffic
    /// nil where nothing fits; both nil where nothing was asked for.
    let choice: Candidate?
    let candidates: [Candidate]?
}

extension TrainingPlan {
    /// One object; of the planner, where there is one, the choice and all candidates.
    package func json(_ planner: TrainingPlanner? = nil) throws -> String {
        let report = PlanReport(
            pictures: pictureCount, picturesPerUpdate: settings.training.effectiveBatchSize, updates: totalSteps,
            updatesPerEpoch: stepsPerEpoch, processes: layout.processes, processesPerHost: layout.processesPerHost,
            trainedNumbers: memory.trainedCount, checkpointBytes: checkpointBytes, updateTflop: updateFLOPs / 1e12,
            memory: .init(memory), traffic: .init(traffic), choice: planner?.best.map { .init($0) },
            candidates: planner.map { $0.candidates.map { .init($0) } })
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(report), as: UTF8.self)
    }
}
