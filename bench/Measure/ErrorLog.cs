namespace Bench.Measure;

/// <summary>Every answer that is not the expected one. A run with any of them fails: a fast error is not a result.</summary>
/// <param name="maxErrors">So many end the run.</param>
internal sealed class ErrorLog(int maxErrors = 1_000)
{
    private const int MaxDistinct = 20;
    private readonly Dictionary<string, int> _counts = [];

    public int Count { get; private set; }

    /// <summary>Counts an error; stops the run when there are so many that it only spins on failures.</summary>
    public void Add(string message)
    {
        Count++;
        if (_counts.Count < MaxDistinct || _counts.ContainsKey(message))
            _counts[message] = _counts.GetValueOrDefault(message) + 1;
        if (Count >= maxErrors)
            throw new BenchException($"the run was stopped after {Count} errors: {this}");
    }

    public override string ToString() => string.Join("; ", _counts.Select(e => $"{e.Value} x {e.Key}"));
}
