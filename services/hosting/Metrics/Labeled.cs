using System.Collections.Concurrent;

namespace Hosting.Metrics;

/// <summary>Instruments of one name that differ in the values of labels. Thread-safe.</summary>
/// <remarks>
/// Bounded: beyond <see cref="MaxSeries"/> further values share one instrument, whose labels all say "other". Whoever counts often keeps the instrument
/// instead of looking it up.
/// </remarks>
public sealed class Labeled<T>
    where T : class
{
    public const int MaxSeries = 4096;

    private readonly ConcurrentDictionary<Values, T> _series = new();
    private readonly Func<T> _create;

    /// <param name="create">Makes an instrument.</param>
    /// <param name="labels">Names, in alphabetical order.</param>
    public Labeled(Func<T> create, params string[] labels) => (_create, Labels) = (create, labels);

    public IReadOnlyList<string> Labels { get; }

    /// <summary>Hears of each further instrument and the values of its labels; null is nobody.</summary>
    internal Action<IReadOnlyList<string>, T>? OnAdded { get; set; }

    /// <summary>The instrument with these values of the labels, made when there is none yet.</summary>
    public T With(params string[] values)
    {
        var key = new Values(values);
        if (_series.TryGetValue(key, out var known))
            return known;
        if (_series.Count >= MaxSeries)
            key = new Values([.. Labels.Select(static _ => "other")]);
        var made = _create();
        var kept = _series.GetOrAdd(key, made);
        if (ReferenceEquals(kept, made))
            OnAdded?.Invoke(key.Texts, made);
        return kept;
    }

    /// <summary>All series in the order of their values.</summary>
    public IEnumerable<(IReadOnlyList<string> Values, T Instrument)> Series => _series
        .Select(static pair => (pair.Key.Texts, pair.Value))
        .OrderBy(static series => string.Join('\0', series.Texts), StringComparer.Ordinal);

    private readonly record struct Values(IReadOnlyList<string> Texts)
    {
        public bool Equals(Values other) => Texts.SequenceEqual(other.Texts, StringComparer.Ordinal);

        public override int GetHashCode()
        {
            var hash = new HashCode();
            foreach (var text in Texts)
                hash.Add(text, StringComparer.Ordinal);
            return hash.ToHashCode();
        }
    }
}
