"""What the things that the eyes can name are called in Chinese: by hand, for the embedded names and those of the
vocabulary file. A name that an operator adds to the vocabulary has no Chinese word here, and is said as it is written.

The first word of a line's list is the one that is said; all of them are understood. A word may stand for several names
("花": flower, sunflower, …): what is asked for is then any of those that the eyes know.
"""

from __future__ import annotations

_TABLE = """
person 人; baby 婴儿 宝宝 小宝宝; child 孩子 小孩 小孩子 儿童 小朋友; crowd 人群; dog 狗 小狗 狗狗 犬;
cat 猫 小猫 猫咪; horse 马 小马; cow 牛 奶牛 母牛; pig 猪; sheep 羊 绵羊; goat 山羊 羊; rooster 公鸡 鸡;
chicken 鸡 母鸡 小鸡; duck 鸭子 鸭; goose 鹅; swan 天鹅 鸟; owl 猫头鹰 鸟; pigeon 鸽子 鸟; seagull 海鸥 鸟;
crow 乌鸦 鸟; penguin 企鹅; parrot 鹦鹉 鸟; rabbit 兔子 小兔子 兔; hamster 仓鼠; rat 老鼠 耗子; squirrel 松鼠;
hedgehog 刺猬; fox 狐狸; deer 鹿; elephant 大象 象; giraffe 长颈鹿; lion 狮子; tiger 老虎; zebra 斑马; monkey 猴子;
turtle 乌龟 龟; snake 蛇; lizard 蜥蜴; frog 青蛙; fish 鱼; goldfish 金鱼 鱼; shark 鲨鱼; dolphin 海豚; whale 鲸鱼 鲸;
crab 螃蟹; lobster 龙虾; octopus 章鱼; butterfly 蝴蝶; bee 蜜蜂; ladybird 瓢虫; spider 蜘蛛; snail 蜗牛; ant 蚂蚁;
car 汽车 车 小汽车 轿车 车子; taxi 出租车 的士 车; bus 公交车 公共汽车 巴士 大巴 车; truck 卡车 货车 车;
van 面包车 车; tractor 拖拉机; motorcycle 摩托车 摩托; scooter 滑板车 踏板车; bicycle 自行车 单车 脚踏车;
skateboard 滑板; stroller 婴儿车; wheelchair 轮椅; ambulance 救护车; fire engine 消防车; police car 警车;
tram 有轨电车 电车; locomotive 火车 火车头 列车; airplane 飞机; helicopter 直升机; drone 无人机; rocket 火箭;
boat 船 小船; sailboat 帆船 船; canoe 独木舟; ship 轮船 船; traffic light 红绿灯 交通灯; traffic cone 路锥;
stop sign 停车标志; street lamp 路灯; parking meter 停车计时器; fire hydrant 消防栓; bench 长椅 长凳; fountain 喷泉;
bridge 桥; road 路 马路 公路; crosswalk 人行横道 斑马线; fence 栅栏 围栏; gate 大门; statue 雕像; flag 旗子 旗 旗帜;
tent 帐篷; playground 游乐场; swimming pool 游泳池 泳池; house 房子; skyscraper 摩天大楼; church 教堂; castle 城堡;
windmill 风车; kitchen 厨房; bathroom 浴室 卫生间; bedroom 卧室; living room 客厅; office 办公室; garage 车库;
garden 花园; balcony 阳台; staircase 楼梯; hallway 走廊; door 门 房门; window 窗户 窗; curtain 窗帘;
window blind 百叶窗; fireplace 壁炉; elevator 电梯; escalator 自动扶梯; chair 椅子; armchair 扶手椅 单人沙发;
stool 凳子; sofa 沙发; bed 床; crib 婴儿床; table 桌子; desk 书桌 办公桌; shelf 架子 搁架; bookshelf 书架;
wardrobe 衣柜; drawer 抽屉; cupboard 橱柜 柜子; mirror 镜子; carpet 地毯; cushion 靠垫 坐垫; pillow 枕头;
blanket 毯子 被子; lamp 台灯 灯; ceiling lamp 吊灯 灯; chandelier 枝形吊灯; light bulb 灯泡;
light switch 电灯开关 开关; power outlet 插座; radiator 暖气片 暖气; electric fan 电风扇 风扇; air conditioner 空调;
picture frame 相框 画框; painting 画 油画; poster 海报; vase 花瓶; wall clock 挂钟 钟; alarm clock 闹钟;
hourglass 沙漏; calendar 日历; whiteboard 白板; coat rack 衣帽架; clothes hanger 衣架; doormat 门垫; ladder 梯子;
shower 淋浴 花洒; bathtub 浴缸; toilet 马桶; toilet paper 卫生纸 厕纸; sink 水槽 洗手池; faucet 水龙头; towel 毛巾;
soap 肥皂 香皂; toothbrush 牙刷; toothpaste 牙膏; hairbrush 发刷; comb 梳子; hair dryer 吹风机; razor 剃须刀 刮胡刀;
shampoo 洗发水; lotion 乳液 润肤露; perfume 香水; lipstick 口红; sponge 海绵; broom 扫帚 扫把; mop 拖把;
bucket 水桶 桶; vacuum cleaner 吸尘器; washing machine 洗衣机; laundry basket 洗衣篮; clothes iron 熨斗;
ironing board 熨衣板; wastebasket 废纸篓 垃圾桶; trash can 垃圾桶 垃圾箱; garbage bag 垃圾袋; oven 烤箱;
stove 炉子 灶台; microwave 微波炉; toaster 烤面包机; kettle 水壶 烧水壶 热水壶; coffee machine 咖啡机; blender 搅拌机;
refrigerator 冰箱; dishwasher 洗碗机; pan 平底锅 锅; pot 锅 汤锅; lid 盖子 锅盖; knife 刀 刀子; fork 叉子;
spoon 勺子 汤匙; fork and knife 刀叉; spatula 锅铲 铲子; ladle 汤勺; whisk 打蛋器; chopping board 砧板 菜板;
corkscrew 开瓶器; can opener 开罐器; grater 擦丝器; rolling pin 擀面杖; chopsticks 筷子; plate 盘子; bowl 碗;
mug 马克杯 杯子; cup 杯子; drinking glass 玻璃杯 杯子; wine glass 高脚杯 酒杯; bottle 瓶子; water bottle 水瓶 水杯;
thermos flask 保温瓶 保温杯; teapot 茶壶; jug 壶; jar 罐子; lunch box 饭盒 便当盒; baby bottle 奶瓶; napkin 餐巾;
tray 托盘; apron 围裙; oven glove 隔热手套; apple 苹果; banana 香蕉; orange 橙子 橘子; lemon 柠檬; lime 青柠;
pear 梨 梨子; peach 桃子 桃; plum 李子; grapes 葡萄; cherries 樱桃; strawberry 草莓; blueberry 蓝莓; raspberry 树莓;
watermelon 西瓜; melon 甜瓜 哈密瓜; pineapple 菠萝 凤梨; mango 芒果; kiwi fruit 猕猴桃 奇异果; avocado 牛油果 鳄梨;
coconut 椰子; tomato 西红柿 番茄; cucumber 黄瓜; carrot 胡萝卜; potato 土豆 马铃薯; sweet potato 红薯 地瓜;
onion 洋葱; garlic 大蒜 蒜; bell pepper 甜椒 青椒; chili pepper 辣椒; corn 玉米; broccoli 西兰花;
cauliflower 花菜 菜花; cabbage 卷心菜 包菜; lettuce 生菜; pumpkin 南瓜; eggplant 茄子; mushroom 蘑菇; beans 豆子;
rice 米饭 饭; bread 面包; bagel 贝果; croissant 牛角包; pretzel 椒盐卷饼; sandwich 三明治; hamburger 汉堡 汉堡包;
hot dog 热狗; pizza 披萨 比萨; french fries 薯条; sushi 寿司; noodles 面条 面; spaghetti 意大利面 意面; salad 沙拉;
soup 汤; steak 牛排; sausage 香肠; fried egg 煎蛋 荷包蛋; egg 鸡蛋 蛋; cheese 奶酪 芝士; butter 黄油; yoghurt 酸奶;
honey 蜂蜜; jam jar 果酱; cereal 麦片; pancake 薄煎饼 煎饼; waffle 华夫饼; cake 蛋糕; birthday cake 生日蛋糕 蛋糕;
pie 馅饼 派; doughnut 甜甜圈; cookie 饼干 曲奇; chocolate 巧克力; candy 糖果 糖; lollipop 棒棒糖;
ice cream 冰淇淋 冰激凌; popcorn 爆米花; potato chips 薯片; milk 牛奶 奶; orange juice 橙汁; juice box 盒装果汁 果汁;
coffee 咖啡; tea 茶; beer 啤酒; wine 红酒 葡萄酒; lemonade can 易拉罐; can 罐头 罐子; salt 盐; sugar 白糖 糖;
spice jar 调料瓶; shirt 衬衫 衬衣; t-shirt T恤 短袖; sweater 毛衣; hoodie 卫衣 连帽衫; jacket 夹克 外套;
coat 大衣 外套; raincoat 雨衣; dress 连衣裙 裙子; skirt 裙子 短裙; trousers 裤子 长裤; jeans 牛仔裤 裤子; shorts 短裤;
pyjamas 睡衣; socks 袜子; shoe 鞋 鞋子; sneaker 运动鞋 球鞋 鞋子; boot 靴子; sandal 凉鞋; slipper 拖鞋;
high heel 高跟鞋; flip-flop 人字拖 拖鞋; cap 鸭舌帽 帽子; top hat 礼帽 帽子; woolly hat 毛线帽 帽子;
straw hat 草帽 帽子; helmet 头盔; scarf 围巾; gloves 手套; mitten 连指手套; belt 皮带 腰带; bow tie 领结;
necktie 领带; tie 领带; glasses 眼镜; sunglasses 墨镜 太阳镜; wristwatch 手表 表; watch 手表 表; ring 戒指;
necklace 项链; earring 耳环; bracelet 手镯 手链; crown 王冠 皇冠; face mask 口罩; safety vest 反光背心;
umbrella 雨伞 伞; backpack 背包 书包 双肩包; handbag 手提包 包 包包; suitcase 行李箱 箱子; briefcase 公文包;
shopping bag 购物袋; shopping cart 购物车; purse 零钱包 钱包; wallet 钱包; phone 手机 电话; telephone 座机 电话;
laptop 笔记本电脑 电脑; tablet computer 平板电脑 平板; computer monitor 显示器 电脑屏幕; keyboard 键盘;
computer mouse 鼠标; printer 打印机; television 电视 电视机; remote control 遥控器; camera 相机 照相机; webcam 摄像头;
tripod 三脚架; radio 收音机; loudspeaker 音箱 喇叭; headphones 耳机; earphones 耳机; microphone 麦克风 话筒;
game controller 游戏手柄 手柄; game console 游戏机; router 路由器; cable 数据线 电线; phone charger 充电器; plug 插头;
battery 电池; power strip 插线板 插排; usb stick U盘; hard disk 硬盘; disc 光盘 光碟; vinyl record 黑胶唱片 唱片;
record player 唱片机; flashlight 手电筒; calculator 计算器; robot 机器人; book 书 书本; notebook 笔记本 本子;
magazine 杂志; newspaper 报纸; sheet of paper 纸 白纸; envelope 信封; postage stamp 邮票; parcel 包裹 快递;
cardboard box 纸箱 箱子 纸盒; pen 钢笔 笔 圆珠笔; pencil 铅笔 笔; felt-tip pen 记号笔 马克笔; crayon 蜡笔;
paintbrush 画笔; eraser 橡皮; pencil sharpener 卷笔刀 转笔刀; ruler 尺子; scissors 剪刀; sticky tape 胶带;
glue stick 胶棒 胶水; stapler 订书机; paperclip 回形针; pushpin 图钉; sticky note 便利贴; clipboard 写字板;
folder 文件夹; map 地图; globe 地球仪; credit card 信用卡; banknote 钞票 纸币; coin 硬币; piggy bank 存钱罐;
ticket 票 车票; passport 护照; price tag 价格标签; bookmark 书签; receipt 收据 小票; key 钥匙; padlock 挂锁 锁;
hammer 锤子 榔头; screwdriver 螺丝刀; wrench 扳手; pliers 钳子; hand saw 手锯 锯子; saw 锯子; axe 斧头 斧子;
electric drill 电钻; screw 螺丝 螺丝钉; bolt 螺栓; nail 钉子; hook 钩子 挂钩; tape measure 卷尺; spirit level 水平尺;
paint roller 油漆滚筒; toolbox 工具箱; chain 链子 链条; rope 绳子; magnet 磁铁; anchor 锚; fire extinguisher 灭火器;
candle 蜡烛; lighter 打火机; matchbox 火柴盒 火柴; magnifying glass 放大镜; telescope 望远镜; microscope 显微镜;
binoculars 双筒望远镜 望远镜; compass 指南针; thermometer 温度计 体温计; stethoscope 听诊器; syringe 注射器;
bandage 绷带; plaster cast 石膏; pill 药片 药; pill bottle 药瓶; first aid kit 急救箱; crutch 拐杖;
weighing scale 秤 体重秤; scale 天平 秤; needle 针; thread 线; yarn 毛线; button 纽扣 扣子; sewing machine 缝纫机;
zip fastener 拉链; ball 球; football 足球 球; basketball 篮球 球; tennis ball 网球 球; tennis racket 网球拍;
volleyball 排球 球; golf club 高尔夫球杆; bowling ball 保龄球; baseball bat 棒球棒; table tennis bat 乒乓球拍;
badminton racket 羽毛球拍; shuttlecock 羽毛球; boxing glove 拳击手套; skis 滑雪板; snowboard 单板滑雪板;
ice skate 冰鞋; roller skate 轮滑鞋 旱冰鞋; sled 雪橇; surfboard 冲浪板; fishing rod 鱼竿; dumbbell 哑铃;
yoga mat 瑜伽垫; dartboard 飞镖盘; trampoline 蹦床; kite 风筝; yo-yo 悠悠球; dice 骰子 色子;
playing cards 扑克牌 扑克; chess board 棋盘; chess piece 棋子; chess pawn 棋子; jigsaw puzzle 拼图; puzzle 拼图;
lego bricks 积木 乐高; teddy bear 泰迪熊 玩具熊; doll 娃娃 布娃娃; toy car 玩具车; toy train 玩具火车;
spinning top 陀螺; balloon 气球; gift 礼物; trophy 奖杯; medal 奖牌; guitar 吉他; violin 小提琴; cello 大提琴;
trumpet 小号; saxophone 萨克斯; flute 长笛 笛子; drum 鼓; accordion 手风琴; piano 钢琴; harmonica 口琴; bell 铃铛 铃;
music stand 谱架; easel 画架; palette 调色板; christmas tree 圣诞树; firework 烟花; parachute 降落伞;
life buoy 救生圈; tree 树 大树; pine tree 松树 树; palm tree 棕榈树 树; flower 花 花朵; sunflower 向日葵 花;
rose 玫瑰 玫瑰花 花; tulip 郁金香 花; daisy 雏菊 花; potted plant 盆栽 花盆; cactus 仙人掌; grass 草 草地;
maple leaf 枫叶; mountain 山; beach 海滩 沙滩; river 河 河流; lake 湖; forest 森林; desert 沙漠; cloud 云 云朵;
rainbow 彩虹; sunset 日落 夕阳; moon 月亮; snow 雪; snowman 雪人; fire 火 火焰; smoke 烟 烟雾; puddle 水坑 水洼
"""
_WORDS: dict[str, tuple[str, ...]] = {}
_NAMES: dict[str, tuple[str, ...]] = {}
for _line in _TABLE.split(";"):
    _parts = _line.split()
    _english = [_part for _part in _parts if _part.isascii() and _part.islower()]
    _chinese = tuple(_parts[len(_english) :])
    _WORDS[" ".join(_english)] = _chinese
    for _word in map(str.lower, _chinese):
        _NAMES[_word] = (*_NAMES.get(_word, ()), " ".join(_english))

LONGEST = max(map(len, _NAMES))
"""Characters of the longest word that is understood."""


def names_of(word: str) -> tuple[str, ...]:
    """The English names that a Chinese word stands for, the most usual first: "杯子" -> mug, cup, drinking glass."""
    return _NAMES.get(word.lower(), ())


def said(name: str) -> str:
    """The Chinese word for an English name; the name itself where none is known."""
    return _WORDS[name][0] if name in _WORDS else name


def known() -> tuple[str, ...]:
    """The English names that have a Chinese word."""
    return tuple(_WORDS)


def said_together(names: tuple[str, ...]) -> str:
    """Several names in one: by the word that stands for all of them and for the fewest others, else one by one."""
    if len(names) == 1:
        return said(names[0])
    words = [word for word, meant in _NAMES.items() if set(names) <= set(meant)]
    best = min(words, key=lambda word: (len(_NAMES[word]), len(word)), default="")
    return best or "或".join(map(said, names))
