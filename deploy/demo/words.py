"""Words that names are made of. Things as first names, birds and plants as family names: nobody is called that."""

from typing import Final

FIRST_NAMES: Final = (
    "Acorn", "Almanac", "Anchor", "Apricot", "Balloon", "Basket", "Biscuit", "Blanket", "Bobbin", "Bracken", "Button", "Candle",
    "Canvas", "Cardigan", "Cinnamon", "Compass", "Copper", "Crayon", "Cricket", "Crumpet", "Cushion", "Drizzle", "Driftwood", "Ember",
    "Feather", "Flannel", "Gadget", "Gravel", "Hammock", "Hopscotch", "Jigsaw", "Kettle", "Lantern", "Lemonade", "Limerick", "Mango",
    "Marble", "Marmalade", "Mitten", "Muffin", "Nutmeg", "Origami", "Paddle", "Pancake", "Parsnip", "Pebble", "Pencil", "Pickle",
    "Pinecone", "Pumpkin", "Puzzle", "Quilt", "Raindrop", "Ribbon", "Ripple", "Rocket", "Saffron", "Sandal", "Scooter", "Shoelace",
    "Snowflake", "Sparkle", "Spinach", "Sprocket", "Teapot", "Thimble", "Thistle", "Toffee", "Treacle", "Trumpet", "Turnip", "Twinkle",
    "Umbrella", "Velvet", "Waffle", "Walnut", "Whistle", "Yoghurt", "Zigzag", "Zipper",
)  # fmt: skip

FAMILY_NAMES: Final = (
    "Harakeke", "Hoiho", "Horoeka", "Horopito", "Kaka-beak", "Kahikatea", "Kākāpō", "Kākāriki", "Kāmahi", "Kānuka", "Karaka", "Karamū",
    "Karearea", "Kawakawa", "Kererū", "Kiwikiwi", "Kōkako", "Korimako", "Korokio", "Kōtare", "Kōtuku", "Kōwhai", "Makomako", "Mamaku",
    "Mānuka", "Māpou", "Mataī", "Mātātā", "Miromiro", "Nīkau", "Ngaio", "Pīwakawaka", "Pōhutukawa", "Pūkeko", "Puriri", "Rangiora",
    "Rewarewa", "Riroriro", "Ruru", "Takahē", "Tānekaha", "Tarāpunga", "Tawhai", "Tītoki", "Toetoe", "Tōtara", "Tūturiwhatu", "Weka",
)  # fmt: skip
