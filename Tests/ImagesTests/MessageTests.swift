import Foundation
import Synchronization
import Testing

@testable import Images

/// libvips has one text of errors for all threads; each read must tell its own all the same.
@Suite struct MessageTests {
    /// Files that are broken in different ways, so that libvips says different things.
    func brokenFiles() throws -> [(name: String, data: [UInt8])] {
        var files: [(String, [UInt8])] = []
        for name in ["420.jpg", "rgb.png", "interlaced.png", "lossy.webp", "lzw.tif", "scene.avif"] {
            let data = try Fixture.data(name)
            files.append(("cut-\(name)", Array(data.prefix(data.count / 2))))
            files.append(("short-\(name)", Array(data.prefix(70))))
            var flipped = data
            for index in stride(from: 40, to: data.count, by: 37) { flipped[index] ^= 0x5A }
            files.append(("flipped-\(name)", flipped))
        }
        return files
    }

    @Test func eachThreadHearsOfItsOwnFile() throws {
        let files = try brokenFiles()
        @Sendable func description(_ file: (name: String, data: [UInt8])) -> String {
            do {
                let image = try ImageReader().read(data: file.data, name: file.name)
                return "\(image.width) x \(image.height)"
            } catch { return "\(error)" }
        }
        let alone = files.map(description)
        #expect(Set(alone.map { $0.split(separator: "(").last.map(String.init) ?? "" }).count > 6, "\(alone)")
        let whole = try Fixture.data("420.jpg")
        let wrong = Mutex<[String]>([])
        DispatchQueue.concurrentPerform(iterations: 20 * files.count) { index in
            let place = index % files.count
            let found = description(files[place])
            if found != alone[place] { wrong.withLock { $0.append("\(found) is not \(alone[place])") } }
            // Sound pictures in between, which clear up after themselves.
            if index % 3 == 0, (try? ImageReader().read(data: whole, name: "whole")) == nil {
                wrong.withLock { $0.append("a whole picture was not read") }
            }
        }
        #expect(wrong.withLock { $0 } == [])
    }

    @Test func whoWaitsToBeAloneIsNotPassedByForEver() {
        let turn = SharedTurn()
        let together = Atomic(0)
        let most = Atomic(0)
        DispatchQueue.concurrentPerform(iterations: 400) { index in
            if index % 10 == 0 {
                turn.alone { #expect(together.load(ordering: .sequentiallyConsistent) == 0) }
            } else {
                turn.shared {
                    let count = together.add(1, ordering: .sequentiallyConsistent).newValue
                    most.max(count, ordering: .relaxed)
                    together.subtract(1, ordering: .sequentiallyConsistent)
                }
            }
        }
        #expect(most.load(ordering: .relaxed) >= 1)
    }
}
