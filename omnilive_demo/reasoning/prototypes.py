"""Example sentences for each kind of question, for those that no rule knows. Keys are the values of `question.Kind`."""

from __future__ import annotations

PROTOTYPES: dict[str, tuple[str, ...]] = {
    "now what": (
        "what is this", "what do you see", "what is in front of you", "describe the picture", "what am i holding up",
        "which color is this", "is it bright in here", "how does the room look", "what does the camera show",
    ),
    "when": ("when was it dark", "when did that happen", "at what time did it change", "how long ago was that"),
    "said": (
        "what did i say about the meeting", "what did he say", "what was i talking about", "repeat my words",
        "what was mentioned about the appointment",
    ),
    "happened": (
        "what happened a minute ago", "what happened so far", "what was going on before", "summarize the last minutes",
        "what did i miss", "what have you seen today", "tell me about the past hour",
    ),
    "heard": ("what was that noise", "did anybody knock", "did you hear something", "was there a loud sound"),
    "where": ("where did i leave my keys", "where is my phone", "i can't find my glasses", "my wallet is gone"),
    "did you see": ("did you see my keys", "was anybody here", "did someone come in", "has the light been on before"),
    "how long": ("how long was it dark", "how long have you been watching", "how much time has passed"),
    "count": ("how many people are there", "how often did it get dark", "count the cups"),
    "capability": ("what can you do", "who are you", "how do you work", "what are your abilities", "can you hear me"),
    "greeting": ("hello", "hi there", "good morning", "how are you", "nice to meet you"),
    "thanks": ("thank you", "thanks a lot for your help"),
    "stop": ("stop talking", "be quiet", "never mind", "don't say another word", "that's enough"),
    "repeat": ("say that again", "please repeat your answer", "i didn't understand you", "what did you say"),
    "note": ("remember this for me", "make a note of it", "keep that in mind"),
    "standing": (
        "tell me when the kettle boils", "let me know if somebody comes", "remind me to call my mother",
        "set a timer for ten minutes", "warn me when it gets dark",
    ),
    "other": (
        "what is the capital of france", "tell me a joke", "what is the weather tomorrow", "how do i cook rice",
        "what time is it", "who wrote hamlet", "translate this word", "what is two plus two", "give me some advice",
        "why is the sky blue", "how tall is the tower", "what should i eat tonight", "recommend a film",
    ),
}  # fmt: skip
