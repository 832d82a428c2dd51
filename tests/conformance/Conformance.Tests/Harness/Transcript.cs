namespace Conformance.Harness;

/// <summary>What was asked and answered, line by line, with everything removed that may differ between servers.</summary>
internal sealed class Transcript
{
    private readonly List<string> _lines = [];

    public IReadOnlyList<string> Lines => _lines;

    /// <summary>True when the scenario threw instead of reaching its end.</summary>
    public bool Broke { get; private set; }

    public void Add(string text) => _lines.AddRange(text.TrimEnd('\n').Split('\n'));

    public void Break(Exception e)
    {
        Broke = true;
        Add($"!! scenario broke: {e.GetType().Name}: {e.Message}");
    }

    public void Save(string scenario, string side)
    {
        if (Settings.TranscriptFolder is not { } folder)
            return;
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, $"{scenario.Replace('/', '_')}.{side}.txt"), ToString() + "\n");
    }

    public override string ToString() => string.Join('\n', _lines);
}
