# A self-hosted start, or a Docker Space (`sdk: docker`, `app_port: 7860`). Same requirements as everywhere else.
FROM python:3.11-slim-bookworm

RUN apt-get update \
    && apt-get install -y --no-install-recommends libgl1 libglib2.0-0 libsndfile1 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 user

USER user
ENV HOME=/home/user \
    PATH=/home/user/.local/bin:$PATH \
    HF_HOME=/home/user/.cache/huggingface \
    NUMBA_CACHE_DIR=/tmp/numba \
    MPLCONFIGDIR=/tmp/matplotlib \
    OMNILIVE_DATA_DIR=/home/user/data \
    GRADIO_SERVER_NAME=0.0.0.0 \
    PORT=7860
WORKDIR /home/user/app

COPY --chown=user requirements.txt .
RUN pip install --no-cache-dir --user -r requirements.txt
COPY --chown=user app.py ./
COPY --chown=user omnilive_demo ./omnilive_demo
COPY --chown=user assets ./assets

EXPOSE 7860
# WebRTC media travels over UDP: run with `--network host`, or set OMNILIVE_TURN_URLS; without either the page falls
# back to its WebSocket by itself.
CMD ["python", "app.py"]
