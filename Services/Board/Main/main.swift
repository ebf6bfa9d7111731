import Board
import Service

await ServiceMain.run(BoardService.self)
