import Service
import Skills

await ServiceMain.run(SkillsService.self)
