"""What sounds are called in Chinese: as they are told, for every name a tagger may give, and as they are asked for.

Only the sounds of `sound_words.NAMED` can be waited for, as in English: all taggers know them.
"""

from __future__ import annotations

from omnilive_demo.models.sound_words import NAMED, UNNAMED

_TOLD = """
music 音乐声; laughing 笑声; clapping 掌声; knocking 敲门声; whistling 哨声; bell 铃声; alarm 警报声; barking 狗叫声;
rain 雨声; footsteps 脚步声; engine 发动机的声音; coughing 咳嗽声; siren 警笛声; ringing phone 电话铃声;
typing 打字声; sound 声音; speech 说话声; crying baby 婴儿的哭声; crying 哭声; sneezing 打喷嚏的声音; snoring 鼾声;
hiccup 打嗝声; cheering 欢呼声; crowd 人群的嘈杂声; finger snapping 响指声; howling 嚎叫声; growling 低吼声;
meowing cat 猫叫声; singing birds 鸟叫声; cawing crow 乌鸦叫声; hooting owl 猫头鹰叫声; quacking duck 鸭子叫声;
crowing rooster 公鸡打鸣声; clucking hen 母鸡叫声; horse 马的声音; mooing cow 牛叫声; bleating sheep 羊叫声;
croaking frog 蛙鸣声; chirping crickets 蟋蟀声; buzzing insects 虫子的嗡嗡声; thunderstorm 雷声; waves 海浪声;
running water 流水声; toilet flush 冲水声; boiling 水烧开的声音; frying 煎炸声; pouring 倒水声; splash 水花声;
dripping 滴水声; rattling dishes 碗碟声; chopping 切菜声; microwave oven 微波炉的声音; blender 搅拌机的声音;
hair dryer 吹风机的声音; vacuum cleaner 吸尘器的声音; jangling keys 钥匙声; zipper 拉链声; slamming door 摔门声;
creaking 吱呀声; breaking glass 玻璃破碎声; ticking clock 钟表的滴答声; printer 打印机的声音; hammering 锤打声;
sawing 锯东西的声音; drilling 电钻声; explosion 爆炸声; gunshot 枪声; fireworks 烟花声; helicopter 直升机的声音;
airplane 飞机的声音; train 火车的声音; car horn 汽车喇叭声; squealing tires 轮胎摩擦声; bang 砰的一声; crash 撞击声;
fan 风扇声; sewing machine 缝纫机的声音
"""
_SAID_AS: dict[str, str] = {
    "music": "音乐 歌声 唱歌 歌曲 旋律 琴声 放歌 吉他声 钢琴声",
    "laughing": "笑声 笑 大笑 哈哈",
    "clapping": "掌声 鼓掌 拍手 拍巴掌",
    "knocking": "敲门 敲门声 敲击声 叩门 敲 拍门",
    "whistling": "口哨 哨声 哨子 水壶叫 水壶响 水壶鸣 水开 水烧开 水煮开",
    "bell": "门铃 门铃声 钟声 铃铛 摇铃 按铃",
    "alarm": "闹钟 警报 警报器 报警器 报警声 烟雾报警 哔哔 滴滴 蜂鸣 闹铃",
    "barking": "狗叫 狗吠 犬吠 汪汪 狗叫声",
    "rain": "下雨 雨声 下起雨 下大雨",
    "footsteps": "脚步 脚步声 走路声 走路的声音 上楼声",
    "engine": "发动机 引擎 马达 汽车声 车声 摩托车声 割草机",
    "coughing": "咳嗽 咳",
    "siren": "警笛 警车声 救护车声 消防车声 鸣笛",
    "ringing phone": "电话响 手机响 电话铃 手机铃 来电 电话声 座机响 来电话 打来电话",
    "typing": "打字 键盘声 敲键盘",
}
_WHEN_HEARD = {
    "barking": "狗 小狗", "ringing phone": "电话 手机", "engine": "车 汽车 卡车 摩托车", "rain": "雨",
    "siren": "救护车 警车 消防车", "typing": "键盘", "music": "歌 吉他 钢琴 鼓", "whistling": "水壶", "knocking": "门",
}  # fmt: skip
"""Words for things that count as their sound only where it is said that they are to be heard."""
_LOOSELY = {"铃声": ("bell", "ringing phone", "alarm"), "铃": ("bell", "ringing phone", "alarm")}

_SAID = {
    " ".join(line.split()[:-1]): line.split()[-1] for line in " ".join(_TOLD.split("\n")).split(";") if line.strip()
}
_LABEL_OF = {word: label for label, words in _SAID_AS.items() for word in words.split()}
_HEARD_OF = {word: label for label, words in _WHEN_HEARD.items() for word in words.split()}


def told(label: str) -> str:
    """A sound as it is told: "敲门声"; a label that has no Chinese name stays as it is."""
    return _SAID.get(label or UNNAMED, label)


def labels_in(text: str, heard: bool = False) -> tuple[str, ...]:
    """The sounds that a run of plain Chinese characters asks for, any of which will do, in the order of `NAMED`.

    heard: it was said that they are to be heard, so that things count for their sounds ("听到狗": barking).
    """
    table = _LABEL_OF | _HEARD_OF if heard else _LABEL_OF
    found = [(text.find(word), -len(word), label) for word, label in table.items() if word in text]
    if found:
        kept = [one for one in found if not any(_within(one, other) for other in found)]
        labels = {label for _, _, label in kept}
        return tuple(label for label in NAMED if label in labels)
    return next((labels for word, labels in _LOOSELY.items() if word in text), ())


def _within(one: tuple[int, int, str], other: tuple[int, int, str]) -> bool:
    """Whether a word lies in a longer one: "敲" in "敲键盘"."""
    begin, size = one[0], -one[1]
    longer_begin, longer = other[0], -other[1]
    return longer > size and longer_begin <= begin and begin + size <= longer_begin + longer
