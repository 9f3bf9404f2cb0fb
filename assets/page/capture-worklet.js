// The microphone as 16-bit packets of 32 ms, the window of the voice detector at 16 kHz.

const PACKET_S = 0.032;

class Capture extends AudioWorkletProcessor {
  constructor() {
    super();
    this.packet = new Int16Array(Math.round(PACKET_S * sampleRate));
    this.filled = 0;
  }

  process([input]) {
    const channel = input[0];
    if (!channel) return true; // the track ended or has not begun
    for (let i = 0; i < channel.length; i += 1) {
      const sample = Math.max(-1, Math.min(1, channel[i]));
      this.packet[this.filled] = sample < 0 ? sample * 32768 : sample * 32767;
      this.filled += 1;
      if (this.filled === this.packet.length) this.flush(currentFrame + i + 1);
    }
    return true;
  }

  flush(endFrame) {
    const mediaS = (endFrame - this.packet.length) / sampleRate;
    this.port.postMessage({ samples: this.packet, mediaS }, [this.packet.buffer]);
    this.packet = new Int16Array(Math.round(PACKET_S * sampleRate));
    this.filled = 0;
  }
}

registerProcessor('omnilive-capture', Capture);
