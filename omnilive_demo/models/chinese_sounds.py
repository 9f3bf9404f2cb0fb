"""What sounds are called in Chinese: as they are told, for every name a tagger may give, and as they are asked for.

What can be waited for are the names of the taggers that run, as in English.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from omnilive_demo.models.sound_words import KINDS, UNNAMED

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
_ALSO_SAID_AS: dict[str, str] = {
    "crying baby": "婴儿哭 婴儿的哭声 婴儿啼哭 宝宝哭 宝宝的哭声 孩子哭 小孩哭 孩子的哭声",
    "sneezing": "打喷嚏 喷嚏声 喷嚏",
    "snoring": "打呼噜 打鼾 鼾声 呼噜声",
    "hiccup": "打嗝",
    "cheering": "欢呼",
    "crowd": "人群的嘈杂声 人群嘈杂",
    "finger snapping": "响指",
    "howling": "狼叫 狼嚎 嚎叫",
    "growling": "低吼 低吠",
    "meowing cat": "猫叫 喵 猫咪叫 小猫叫",
    "cawing crow": "乌鸦叫 乌鸦",
    "hooting owl": "猫头鹰叫 猫头鹰",
    "quacking duck": "鸭子叫 鸭叫 嘎嘎",
    "crowing rooster": "公鸡打鸣 公鸡叫 打鸣 鸡鸣",
    "clucking hen": "母鸡叫 咯咯叫",
    "horse": "马叫 马蹄声 马的声音 马嘶",
    "mooing cow": "牛叫",
    "bleating sheep": "羊叫",
    "croaking frog": "蛙鸣 青蛙叫 蛙叫",
    "chirping crickets": "蟋蟀叫 蟋蟀声 蛐蛐叫",
    "buzzing insects": "嗡嗡 蜜蜂声 蚊子声 苍蝇声",
    "thunderstorm": "打雷 雷声 雷鸣 雷响 雷雨",
    "waves": "海浪声 海浪 涛声 波浪声",
    "running water": "流水 水流 水声 放水 水龙头 洗澡声",
    "toilet flush": "冲水 冲马桶 马桶冲水 冲厕所",
    "boiling": "水烧开 水开 水煮开 沸腾",
    "frying": "煎炸 炒菜声 油炸声 煎东西",
    "pouring": "倒水",
    "splash": "水花声 溅水声",
    "dripping": "滴水 漏水",
    "rattling dishes": "碗碟声 碗碟 餐具声 锅碗",
    "chopping": "切菜",
    "vacuum cleaner": "吸尘器开 吸尘器启动 吸尘器声",
    "jangling keys": "钥匙声 钥匙响 钥匙叮当",
    "zipper": "拉链",
    "slamming door": "摔门 关门声 砰地关门",
    "creaking": "吱呀 嘎吱 吱吱",
    "breaking glass": "玻璃破碎 玻璃碎 玻璃打碎 玻璃破 玻璃被打碎 玻璃被打破 打碎玻璃 打破玻璃",
    "ticking clock": "滴答",
    "hammering": "锤打 锤子声 敲钉子 捶打",
    "sawing": "锯东西 锯木头 电锯声 锯木声",
    "drilling": "电钻",
    "gunshot": "枪声 开枪 枪响",
    "fireworks": "烟花 鞭炮 放炮 爆竹 烟火",
    "helicopter": "直升机的声音 直升机声",
    "airplane": "飞机的声音 飞机声",
    "train": "火车的声音 火车声 火车鸣笛",
    "car horn": "汽车喇叭 喇叭声 按喇叭 鸣喇叭 车喇叭 汽车鸣笛",
    "squealing tires": "轮胎摩擦 刹车声 急刹车",
    "bang": "砰的一声",
    "crash": "撞击声 撞击 碰撞声",
}
_WHEN_HEARD = {
    "ringing phone": "电话 手机", "engine": "卡车 摩托车", "rain": "雨",
    "siren": "救护车 警车 消防车", "typing": "键盘", "music": "歌 吉他 钢琴 鼓", "whistling": "水壶", "knocking": "门",
    "crying baby": "婴儿 宝宝", "meowing cat": "猫 小猫 猫咪", "horse": "马", "mooing cow": "牛",
    "bleating sheep": "羊", "quacking duck": "鸭子", "croaking frog": "青蛙",
    "buzzing insects": "蜜蜂 蚊子 苍蝇", "thunderstorm": "雷",
    "running water": "水", "breaking glass": "玻璃", "ticking clock": "钟表", "train": "火车", "airplane": "飞机",
    "helicopter": "直升机", "fan": "风扇 电扇 空调", "vacuum cleaner": "吸尘器", "blender": "搅拌机",
    "hair dryer": "吹风机", "microwave oven": "微波炉", "printer": "打印机", "sewing machine": "缝纫机",
    "sawing": "电锯 锯子", "hammering": "锤子", "jangling keys": "钥匙", "clucking hen": "母鸡",
    "crowing rooster": "公鸡", "toilet flush": "马桶",
}  # fmt: skip
"""Words for things that count as their sound only where it is said that they are to be heard."""
_BROADLY = {
    "哭声": "crying", "哭": "crying", "爆炸": "explosion", "鸟叫": "bird", "鸟鸣": "bird", "虫鸣": "insect",
    "虫子叫": "insect",
}  # fmt: skip
"""Words for what has several kinds of sounds (`sound_words.KINDS`), any of which will do."""
_BROADLY_WHEN_HEARD = {
    "狗": "dog", "小狗": "dog", "车": "car", "汽车": "car", "鸟": "bird", "小鸟": "bird", "鸡": "chicken",
    "虫子": "insect", "马路": "car",
}  # fmt: skip
_LOOSELY = {"铃声": ("bell", "ringing phone", "alarm"), "铃": ("bell", "ringing phone", "alarm")}

_SAID = {
    " ".join(line.split()[:-1]): line.split()[-1] for line in " ".join(_TOLD.split("\n")).split(";") if line.strip()
}


def _by_word(*tables: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """The labels of each word of tables that have the words of each label."""
    found: dict[str, tuple[str, ...]] = {}
    for label, words in (line for table in tables for line in table.items()):
        for word in words.split():
            found[word] = (*found.get(word, ()), label)
    return found


_LABELS_OF = _by_word(_SAID_AS, _ALSO_SAID_AS) | {word: KINDS[kind] for word, kind in _BROADLY.items()}
_HEARD_OF = _by_word(_WHEN_HEARD) | {word: KINDS[kind] for word, kind in _BROADLY_WHEN_HEARD.items()}


def told(label: str) -> str:
    """A sound as it is told: "敲门声"; a label that has no Chinese name stays as it is."""
    return _SAID.get(label or UNNAMED, label)


def labels_in(text: str, names: Sequence[str], heard: bool = False) -> tuple[str, ...]:
    """The sounds that a run of plain Chinese characters asks for, any of which will do, in the order of `names`.

    names: that the taggers here give. heard: it was said that they are to be heard, so that things count for their
    sounds ("听到狗": barking).
    """
    table = _LABELS_OF | _HEARD_OF if heard else _LABELS_OF
    known = {word: labels for word, labels in table.items() if any(label in names for label in labels)}
    found = [(text.find(word), -len(word), word) for word in known if word in text]
    if found:
        kept = [one for one in found if not any(_within(one, other) for other in found)]
        meant = {label for _, _, word in kept for label in known[word]}
        return tuple(label for label in names if label in meant)
    return next((labels for word, labels in _LOOSELY.items() if word in text), ())


def _within(one: tuple[int, int, str], other: tuple[int, int, str]) -> bool:
    """Whether a word lies in a longer one: "敲" in "敲键盘"."""
    begin, size = one[0], -one[1]
    longer_begin, longer = other[0], -other[1]
    return longer > size and longer_begin <= begin and begin + size <= longer_begin + longer
