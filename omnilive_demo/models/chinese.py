"""Chinese text in one form: which texts are Chinese, and their characters without punctuation, simplified.

A recogniser writes Chinese in simplified or traditional characters, with or without punctuation, its clauses parted by
commas or by spaces. The rules of the rooms are written once, for the plain form: simplified, nothing between the
characters but a space where a clause ended.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

SIGNS = "぀-ヿ㐀-䶿一-鿿"
"""Kana and Chinese signs, for a character class: to us each is a word."""
_HAN = re.compile(r"[㐀-鿿豈-﫿]")
_LATIN_WORD = re.compile(r"[A-Za-z]+")
_NOT_WORD = re.compile(r"(?:[^\w.%]|_|\.(?!\d)|(?<!\d)\.)+")
_BETWEEN_LATIN = re.compile(r"(?<=[a-z]) (?=[a-z])")

_TRADITIONAL = """
別别 於于 甦苏 鬱郁 漲涨 瞭了 佔占 註注 併并 徵征 衝冲 鑽钻 籃篮 壺壶 鍋锅 盞盏 櫥橱 燒烧 滾滚 煙烟 貨货
遞递 遙遥 嘩哗 鳴鸣 罵骂 嗆呛 慶庆 壽寿 遞递 職职 麗丽
個个 們们 這这 裡里 裏里 麼么 嗎吗 說说 話话 請请 講讲 誰谁 識识 記记 詳详 細细 單单 簡简 點点 鐘钟 時时
間间 後后 過过 從从 開开
關关 來来 會会 沒没 還还 對对 錯错 應应 該该 為为 與与 當当 現现 見见 聽听 聲声 響响 門门 問问 題题 幫帮
讓让 給给 覺觉 認认 讀读
譯译 寫写 紅红 綠绿 藍蓝 黃黄 顏颜 東东 車车 貓猫 鳥鸟 魚鱼 馬马 書书 筆笔 電电 腦脑 機机 燈灯 網网 頁页
視视 頻频 錄录 圖图 畫画
長长 繼继 續续 結结 終终 總总 發发 變变 動动 進进 遠远 邊边 順顺 處处 樓楼 廳厅 廚厨 櫃柜 鑰钥 錢钱 買买
賣卖 貴贵 價价 飯饭 麵面
雞鸡 湯汤 藥药 醫医 師师 學学 業业 員员 歲岁 歡欢 樂乐 愛爱 媽妈 爺爷 孫孙 兒儿 張张 陳陈 劉刘 楊杨 趙赵
吳吴 許许 離离 難难 嘗尝
試试 實实 際际 確确 選选 擇择 決决 計计 劃划 務务 辦办 報报 課课 訴诉 謝谢 週周 禮礼 幾几 兩两 萬万 億亿
數数 雙双 隻只 條条 輛辆
雲云 氣气 熱热 涼凉 陽阳 陰阴 濕湿 風风 飛飞 體体 頭头 臉脸 腳脚 褲裤 襯衬 帶带 穩稳 靜静 閉闭 夠够 須须
斷断 轉转 換换 輕轻 雖虽
則则 類类 種种 樣样 經经 歷历 爾尔 嘮唠 囉啰 嘆叹 餓饿 傘伞 壞坏 乾干 淨净 髒脏 滿满 預预 約约 訂订 館馆
場场 園园 國国 內内 無无
緊紧 擔担 備备 準准 態态 靈灵 夢梦 覽览 簽签 維维 線线 紙纸 級级 絲丝 組组 統统 練练 繞绕 臺台 灣湾 號号
傳传 優优 側侧 傷伤 債债
減减 淚泪 潔洁 濾滤 狀状 獨独 環环 產产 異异 療疗 監监 盤盘 礎础 稱称 競竞 節节 範范 築筑 簾帘 蓋盖 蘋苹
補补 討讨 訊讯 設设 評评
詞词 詢询 誤误 諒谅 證证 護护 負负 責责 資资 質质 賬账 購购 賽赛 跡迹 踐践 較较 輸输 農农 達达 運运 違违
遊游 適适 遲迟 釋释 鈴铃
鋼钢 鎖锁 鏡镜 閒闲 閃闪 陸陆 隊队 階阶 隨随 險险 雜杂 霧雾 韓韩 頂顶 項项 額额 願愿 飲饮 養养 騎骑 驗验
驚惊 鬧闹 鮮鲜 鹽盐 齊齐
龍龙 龜龟 兇凶 勞劳 勝胜 勢势 區区 協协 參参 啟启 嚇吓 嚴严 圍围 塊块 壓压 夾夹 奪夺 婦妇 寶宝 將将 專专
尋寻 導导 屆届 屬属 幹干
廁厕 彈弹 徑径 復复 憂忧 憶忆 懷怀 懶懒 戲戏 戰战 擠挤 據据 攝摄 敗败 暈晕 棄弃 極极 樹树 橋桥 檢检 欄栏
櫻樱 歐欧 殺杀 漢汉 潑泼
濃浓 災灾 爐炉 牆墙 犧牺 獎奖 瑪玛 瓊琼 畢毕 癢痒 盡尽 眾众 睜睁 碼码 禍祸 穀谷 窮穷 鬆松 髮发
"""
_SIMPLE = str.maketrans({pair[0]: pair[1] for pair in _TRADITIONAL.split()})
_SAME = str.maketrans({"您": "你", "妳": "你", "咱": "我", "喔": "哦", "噢": "哦", "欸": "诶"})


def is_chinese(text: str) -> bool:
    """Whether a text is Chinese: as many Han characters as Latin words at least ("what does 你好 mean" is English)."""
    found = len(_HAN.findall(text))
    return found > 0 and found >= len(_LATIN_WORD.findall(text))


def simplify(text: str) -> str:
    """Simplified characters, half-width forms and lower case; the common traditional characters only."""
    return unicodedata.normalize("NFKC", text).translate(_SIMPLE).lower()


def plain_chinese(text: str) -> str:
    """Simplified, without punctuation; one space where clauses met: "媽，我的鞋呢？" -> "妈 我的鞋呢"."""
    return " ".join(_NOT_WORD.sub(" ", simplify(text)).split())


def run_on(text: str) -> str:
    """The plain form with nothing between its characters, but for spaces between Latin words; "您" as "你"."""
    words = plain_chinese(text).translate(_SAME)
    return _BETWEEN_LATIN.sub("\0", words).replace(" ", "").replace("\0", " ")


Language = Literal["en", "zh"]


def language_of(text: str) -> Language:
    """The language in which a text is to be answered."""
    return "zh" if is_chinese(text) else "en"
