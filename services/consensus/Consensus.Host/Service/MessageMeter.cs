using System.Diagnostics;
using Consensus.Contracts;

namespace Consensus.Host.Service;

/// <summary>Counts messages, and tells how fast the last ones came. Thread-safe.</summary>
internal sealed class MessageMeter
{
    // As many as etcd takes its rates from.
    private const int Window = 200;

    private readonly Lock _gate = new();
    private readonly (long At, int Bytes)[] _recent = new (long, int)[Window];
    private long _count;

    /// <summary>One more.</summary>
    public void Note(int bytes)
    {
        lock (_gate)
            _recent[_count++ % Window] = (Stopwatch.GetTimestamp(), bytes);
    }

    /// <summary>The rates are those of the last messages, from the first of them to the last; one message has none.</summary>
    public MessageRate Read()
    {
        lock (_gate)
        {
            var held = (int)Math.Min(_count, Window);
            if (held < 2)
                return new MessageRate(_count, 0, 0);
            var (first, last) = (_recent[(_count - held) % Window], _recent[(_count - 1) % Window]);
            var seconds = Stopwatch.GetElapsedTime(first.At, last.At).TotalSeconds;
            if (seconds <= 0 || Stopwatch.GetElapsedTime(last.At) > TimeSpan.FromSeconds(1))
                return new MessageRate(_count, 0, 0);
            return new MessageRate(_count, held / seconds, _recent.Take(held).Sum(static message => (long)message.Bytes) / seconds);
        }
    }
}
