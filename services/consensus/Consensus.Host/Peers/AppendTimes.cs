using Consensus.Contracts;
using Consensus.Core.Raft;

namespace Consensus.Host.Peers;

/// <summary>What became of the appends to one member. Thread-safe.</summary>
internal sealed class AppendTimes
{
    private readonly Lock _gate = new();
    private long _succeeded, _failed;
    private double _latest, _sum, _sumOfSquares, _minimum = double.MaxValue, _maximum;

    /// <summary>Is it one that is counted?</summary>
    public static bool IsAppend(MessageKind kind) => kind is MessageKind.AppendRequest or MessageKind.Commit;

    /// <summary>So many went out together.</summary>
    public void Succeeded(int count, TimeSpan took)
    {
        if (count == 0)
            return;
        var milliseconds = took.TotalMilliseconds;
        lock (_gate)
        {
            _succeeded += count;
            _latest = milliseconds;
            _sum += count * milliseconds;
            _sumOfSquares += count * milliseconds * milliseconds;
            _minimum = Math.Min(_minimum, milliseconds);
            _maximum = Math.Max(_maximum, milliseconds);
        }
    }

    /// <summary>So many did not go out.</summary>
    public void Failed(int count)
    {
        lock (_gate)
            _failed += count;
    }

    /// <summary>All of it so far.</summary>
    public FollowerTraffic Read(MemberId member)
    {
        lock (_gate)
        {
            if (_succeeded == 0)
                return new FollowerTraffic(member, 0, _failed, 0, 0, 0, 0, 0);
            var average = _sum / _succeeded;
            // Rounding may leave a hair below 0.
            var variance = Math.Max(0, (_sumOfSquares / _succeeded) - (average * average));
            return new FollowerTraffic(member, _succeeded, _failed, _latest, average, Math.Sqrt(variance), _minimum, _maximum);
        }
    }
}
