using Conformance.V2;

namespace Conformance.Json;

/// <summary>An answer whose lines come while it is open.</summary>
internal sealed class JsonStream(RawHttp answer, Action<string?> show) : IDisposable
{
    /// <summary>Waits for so many lines, or the end.</summary>
    public async Task Read(int lines)
    {
        for (var i = 0; i < lines; i++)
        {
            var line = await answer.ReadLineAsync();
            show(line);
            if (line is null)
                return;
        }
    }

    public void Dispose() => answer.Dispose();
}
