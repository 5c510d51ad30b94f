"""What tells languages apart: their scripts, the small words that no sentence does without, a few letters.

Written by hand from general knowledge of each language; no corpus was counted. A word that several languages
share weighs for each of them the less.
"""

from collections.abc import Iterator, Mapping

_WORDS = {
    "en": (
        "the of and to in is are was were be been that this these those with for from have has had not you "
        "your what which who how when where why does did can could would should will by at on it its as an "
        "or if about me my there also into than please many much between all"
    ),
    "de": (
        "der die das und ist sind war waren nicht ein eine einen einem einer den dem des mit von zu zum zur "
        "für auf auch sich ich sie er es wir ihr wie was wer wann wo warum welche welcher im am bei nach "
        "oder aber dass wird werden wurde hat haben kann können bitte über durch als welchem welchen "
        "welches noch sein seine ihre einst zwischen hatte unter keine sollte"
    ),
    "fr": (
        "le la les des du de un une et est sont était que qui quoi dans pour avec sur par pas ne ce cette "
        "ces il elle nous vous ils je mon votre vos leur au aux ou où comment quand quel quelle quels "
        "pourquoi plus être avoir fait peut peux à en qu"
    ),
    "es": (
        "el la los las de del que en un una es son era fue para por con no se su sus lo al como cómo qué "
        "cuál cuándo dónde quién quiénes más pero este esta estos le les yo me mi tu usted está están ha "
        "han puede cuántos entre también porque sobre"
    ),
    "it": (
        "il lo la gli le di del della dei delle dello che è sono era un una uno in nel nella per con su da "
        "dal non si come cosa quale quali quando dove chi perché più ma questo questa mi tu lei ha hanno "
        "può essere anche al alla"
    ),
    "pt": (
        "os as de do da dos das que em no na nos nas um uma é são foi para por com não se seu sua como qual "
        "quais quando onde quem porque mais mas ou este esta você eu me ao à pelo pela está tem pode também"
    ),
    "nl": (
        "de het een en van is zijn was niet dat die dit deze met voor op aan in te om ook er je jij ik hij "
        "zij wij hoe wat wie wanneer waar waarom welke kan kunnen heeft hebben wordt worden werd bij naar "
        "uit door maar of als"
    ),
    "sv": (
        "och att det som en ett den är var på för med av till inte jag du han hon vi ni hur vad vem när "
        "varför vilken vilka kan har hade från om eller men så också de sig ska blir"
    ),
    "da": (
        "og at det som en et den er var på for med af til ikke jeg du han hun vi hvordan hvad hvem hvornår "
        "hvor hvorfor hvilken kan har havde fra om eller men så også de sig skal bliver være"
    ),
    "no": (
        "og at det som en et den er var på for med av til ikke jeg du han hun vi hvordan hva hvem når hvor "
        "hvorfor hvilken kan har hadde fra om eller men så også de seg skal blir være"
    ),
    "fi": (
        "ja on ei se että oli ovat olla kun mutta tai myös kuin joka jotka mikä mitä miten missä milloin "
        "kuka miksi minä sinä hän me te he tämä nämä voi voit ole sen niin kanssa mukaan"
    ),
    "pl": (
        "na że do się nie to jest są był była jak co kto kiedy gdzie dlaczego który która które po za od "
        "przez dla ale lub czy ja ty on ona my wy mnie tego tym może być jego"
    ),
    "cs": (
        "na se že je jsou byl byla do to ne jak co kdo kdy kde proč který která které po za od pro ale nebo "
        "jsem jste já ty on ona my vy může být jeho také podle"
    ),
    "ro": (
        "și în de la cu pe din nu este sunt era fost un care ce cum cine când unde câte pentru sau dar mai "
        "prin al ale lui lor să se eu tu el ea noi voi poate fi acest această despre"
    ),
    "hu": (
        "az és hogy nem is egy van volt vannak ez mi ki hogyan mikor hol miért melyik mely vagy de ha én te "
        "ő ti meg már csak lehet kell mint után által"
    ),
    "tr": (
        "ve bir bu da de için ile ne nasıl kim hangi nerede neden niçin kaç olan olarak oldu değil mi mı "
        "daha çok gibi ama veya ben sen biz siz sonra kadar göre var yok her en tarafından"
    ),
    "vi": (
        "là của và các có không được trong cho với một những này đó khi nào ai gì đã đang sẽ bởi từ đến ở "
        "như thế tôi bạn ông bà chúng người năm về bao nhiêu vì sao tại ra"
    ),
    "id": (
        "yang dan di ke dari ini itu adalah untuk dengan tidak pada dalam akan atau juga saya anda dia kami "
        "mereka apa siapa kapan mana bagaimana mengapa berapa oleh sebagai bisa dapat telah sudah ada"
    ),
    "ru": (
        "и в не на я что он с как это по но они к у ты из мы за вы так же от для о его её был была были "
        "есть или когда где кто какой какая какие почему сколько который может быть при"
    ),
    "uk": (
        "і в не на я що він з як це та але вони до у ти із ми за ви так від для про його її був була були є "
        "або коли де хто який яка які чому скільки може бути при й"
    ),
    "bg": (
        "и в не на аз че той с как това по но те към ти от ние за вие така или когато къде кой коя какво "
        "кои защо колко който може да е са беше били при се ще"
    ),
    "ar": (
        "في من على إلى عن أن هذا هذه التي الذي ما ماذا كيف متى أين لماذا كم هل لا لم كان كانت هو هي مع و أو "
        "بين بعد قبل ذلك كل أي عام لها له بها به تم كما وقد"
    ),
    "fa": (
        "در از به که این آن را با است بود برای چه چگونه کجا کی چرا چند هر یا و می شود شد های یک تا هم من "
        "شما او"
    ),
    "ur": (
        "میں کے کی کا کو سے ہے ہیں تھا تھی نے پر اور یہ وہ کیا کیسے کب کہاں کیوں کون کتنے نہیں ایک اس ہو جو"
    ),
}
"""By ISO 639-1, in lower case. A letter of ASCII that stands alone is no word: code is full of them."""

_LETTERS = {
    "de": "ßäöü",
    "fr": "çœèêëîïûùàâ",
    "es": "ñ¿¡",
    "pt": "ãõ",
    "sv": "åä",
    "da": "øåæ",
    "no": "øåæ",
    "fi": "äö",
    "pl": "łąęśźżćń",
    "cs": "řěůčžš",
    "ro": "șțăşţ",
    "hu": "őű",
    "tr": "ğışİ",
    "vi": "ơưđạảấầẩậắặẹẻếềểệịọỏốồổộớờởợụủứừửựỳ",
    "it": "òìù",
    "ru": "ыэё",
    "uk": "їєґі",
    "bg": "ъ",
    "fa": "پچژگ",
    "ur": "ٹڈڑںےھ",
}

SCRIPTS: tuple[tuple[str, int, int], ...] = (
    ("el", 0x0370, 0x03FF),
    ("he", 0x0590, 0x05FF),
    ("hi", 0x0900, 0x097F),
    ("bn", 0x0980, 0x09FF),
    ("pa", 0x0A00, 0x0A7F),
    ("gu", 0x0A80, 0x0AFF),
    ("ta", 0x0B80, 0x0BFF),
    ("te", 0x0C00, 0x0C7F),
    ("kn", 0x0C80, 0x0CFF),
    ("ml", 0x0D00, 0x0D7F),
    ("th", 0x0E00, 0x0E7F),
    ("ka", 0x10A0, 0x10FF),
    ("am", 0x1200, 0x137F),
    ("km", 0x1780, 0x17FF),
    ("hy", 0x0530, 0x058F),
    ("ko", 0xAC00, 0xD7AF),
    ("ja", 0x3040, 0x30FF),
    ("zh", 0x4E00, 0x9FFF),
)
"""Scripts that stand for one language here, though some have more: Devanagari is read as Hindi."""

LANGUAGES = frozenset({*_WORDS, *(code for code, _, _ in SCRIPTS)})


def _shares(sets: Mapping[str, Iterator[str]]) -> dict[str, dict[str, float]]:
    """Return for each word or letter what it weighs for each language: one, shared."""
    found: dict[str, dict[str, float]] = {}
    for language, items in sets.items():
        for item in items:
            found.setdefault(item, {})[language] = 1.0
    return {item: dict.fromkeys(weights, 1.0 / len(weights)) for item, weights in found.items()}


WORDS: Mapping[str, Mapping[str, float]] = _shares(
    {code: iter(words.split()) for code, words in _WORDS.items()}
)
LETTERS: Mapping[str, Mapping[str, float]] = _shares(
    {code: iter(letters) for code, letters in _LETTERS.items()}
)
