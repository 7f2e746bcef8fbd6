import Foundation
import Images
import TensorBoard
import Testing
import Torch
import Wandb

@testable import TransparencyTraining

/// What trackers make of a run, and what they leave alone.
@Suite @ComputeActor struct TrackerTests {
    private func update(_ step: Int, loss: Double = 0.5) -> TrainingUpdate {
        TrainingUpdate(
            step: step, epoch: 0.25, loss: loss, lr: 2e-6, gradNorm: 1.5, skipped: !loss.isFinite, seconds: 2,
            dataWait: 0.125, memory: 3 << 30)
    }

    private func validation(_ step: Int, recall: Double? = 0.75, pictures: String? = nil) -> TrainingValidation {
        TrainingValidation(
            step: step, valIoU: 0.5, valRecall: recall, valMSE: 0.25, images: 2, isBest: false, pictures: pictures)
    }

    private func run(_ folder: String, step: Int? = nil, tell: @escaping (String) -> Void = { _ in }) -> TrackedRun {
        var settings = TrainingSettings()
        settings.projectConfig.outputDir = folder
        settings.dataset.datasetPath = "a|b"
        return TrackedRun(settings, step: step, tell: tell)
    }

    private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    @Test func namesAreGroupedForPages() {
        let values = CurveName.grouped(update(1).values(pictures: 8) + validation(1).values(pictures: 8))
        #expect(
            values.map { "\($0.name) \($0.value)" } == [
                "train/epoch 0.25", "train/loss 0.5", "train/lr 2e-06", "train/grad_norm 1.5", "train/skipped 0.0",
                "perf/seconds 2.0", "perf/pictures_per_second 4.0", "perf/data_wait 0.125", "perf/memory_gib 3.0",
                "val/iou 0.5", "val/mse 0.25", "val/recall 0.75",
            ])
        #expect(Set(CurveName.metrics).isSubset(of: values.map(\.name)))
    }

    @Test func tablesHaveARowEach() async throws {
        try await withFolder { @ComputeActor (folder: String) async throws -> Void in
            let logger = try CSVLogger(run(folder))
            try logger.log(update: update(1))
            try logger.log(update: update(2, loss: .nan))
            try logger.log(validation: validation(2, recall: nil))
            let former = "step,epoch,loss,lr,grad_norm,skipped,seconds,pictures_per_second,data_wait,memory"
            let head = former + ",loss_latent_mse,loss_cross_entropy,loss_dice,loss_boundary\n"
            let rows = "1,0.25,0.5,2e-06,1.5,0,2,4,0.125,3221225472,,,,\n"
            #expect(
                try text("\(folder)/updates.csv") == head + rows + "2,0.25,nan,2e-06,1.5,1,2,4,0.125,3221225472,,,,\n")
            #expect(try text("\(folder)/validations.csv") == "step,val_iou,val_recall,val_mse\n2,0.5,,0.25\n")

            // Killed in the middle of a row, and gone on with from before the second update.
            try Data((try text("\(folder)/updates.csv") + "3,0.2").utf8)
                .write(to: URL(fileURLWithPath: "\(folder)/updates.csv"))
            let second = try CSVLogger(run(folder, step: 1))
            #expect(try text("\(folder)/updates.csv") == head + rows)
            #expect(try text("\(folder)/validations.csv") == "step,val_iou,val_recall,val_mse\n")
            try second.log(update: update(2))
            #expect(try text("\(folder)/updates.csv").hasSuffix("2,0.25,0.5,2e-06,1.5,0,2,4,0.125,3221225472,,,,\n"))
            // As earlier versions wrote it, without the losses' terms.
            try Data("\(former)\n1,0.25,0.5,2e-06,1.5,0,2,4,0.125,3221225472\n".utf8)
                .write(to: URL(fileURLWithPath: "\(folder)/updates.csv"))
            let third = try CSVLogger(run(folder, step: 1))
            #expect(try text("\(folder)/updates.csv") == head + rows)
            var several = update(2)
            several.losses = ["cross_entropy": 0.5, "boundary": 0.25]
            try third.log(update: several)
            #expect(try text("\(folder)/updates.csv").hasSuffix("3221225472,,0.5,,0.25\n"))
            _ = try CSVLogger(run(folder))
            #expect(try text("\(folder)/updates.csv") == head)
        }
    }

    @Test func anotherTableIsNotTouched() async throws {
        try await withFolder { @ComputeActor (folder: String) async throws -> Void in
            let path = "\(folder)/validations.csv"
            for content in ["step,other\n1,2\n", "no table \"", "step,val_iou,val_recall"] {
                try Data(content.utf8).write(to: URL(fileURLWithPath: path))
                #expect(throws: TrainingError.otherTable(path)) { try CSVLogger.check(folder) }
                #expect(throws: TrainingError.otherTable(path)) { _ = try CSVLogger(run(folder, step: 3)) }
                #expect(try text(path) == content)
            }
        }
    }

    @ComputeActor
    final class Failing: ExperimentLogger {
        var attempts = 0
        struct Failure: Error, CustomStringConvertible {
            var description: String { "the disk is full" }
        }
        func fail() throws {
            attempts += 1
            throw Failure()
        }
        func log(update: any TrainingRecord) throws { try fail() }
        func log(validation: any TrainingRecord) throws { try fail() }
        func end(_ ending: TrainingEnding) throws { try fail() }
    }

    @Test func aFailureIsToldOnce() {
        var told: [String] = []
        let failing = Failing()
        let logger = ToleratedLogger(.tensorboard, failing) { told.append($0) }
        logger.log(update: update(1))
        logger.log(validation: validation(1))
        logger.end(.finished)
        #expect(failing.attempts == 3)
        #expect(
            told == ["Warning: the tracker tensorboard misses something, and the run goes on: the disk is full"])
    }

    @Test func aStripIsPictureTruthAndPrediction() async throws {
        try await withFolder { @ComputeActor (folder: String) async throws -> Void in
            let pictures = "\(folder)/pictures/hard"
            try FileManager.default.createDirectory(atPath: pictures, withIntermediateDirectories: true)
            func flat(_ value: UInt8, channels: Int) throws -> Image {
                try Image(
                    width: 4, height: 2, channels: channels, pixels: .init(repeating: value, count: 8 * channels))
            }
            for id in ["b", "a"] {
                try Data(flat(200, channels: 3).jpegData()).write(to: URL(fileURLWithPath: "\(pictures)/\(id)_img.jpg"))
                try flat(255, channels: 1).write(to: "\(pictures)/\(id)_maskgt.png")
                try flat(64, channels: 1).write(to: "\(pictures)/\(id)_pred.png")
            }
            try Data("no picture".utf8).write(to: URL(fileURLWithPath: "\(pictures)/c_pred.png"))
            let strips = ValidationStrip.all(in: folder)
            #expect(strips.map(\.name) == ["a", "b"])
            let image = try #require(strips.first?.image)
            #expect(image.width == 12 && image.height == 2)
            #expect([0, 4, 8].map { image.pixels[$0 * 3] } == [200, 255, 64])
            #expect(ValidationStrip.all(in: nil).isEmpty && ValidationStrip.all(in: "\(folder)/none").isEmpty)
        }
    }

    @Test func settingsAreToldByTheirKinds() {
        let run = run("somewhere")
        let parameters = Dictionary(run.hyperParameters.map { ($0.name, $0.value) }) { $1 }
        #expect(parameters["lr"] == .number(2e-6) && parameters["augment"] == .bool(true))
        #expect(parameters["data_type"] == .text("bf16") && parameters["plan"] == nil && parameters["device"] == nil)
        #expect(parameters["pictures_per_update"] == .number(8))
        #expect(run.config["plan"] == .null && run.config["output_dir"] == .text("somewhere"))
        #expect(run.markdown.contains("\n| dataset_path | a\\|b |\n"))
    }

    @Test func namesOfTrackersAreRead() {
        typealias Names = [TrainingSettings.Tracker]
        #expect(Names(settingText: "none") == [])
        #expect(Names(settingText: "csv, tensorboard,csv") == [.csv, .tensorboard])
        for text in ["", "csv,", "none,csv", "mlflow", "CSV"] { #expect(Names(settingText: text) == nil) }
    }
}
