namespace Conformance.V2;

/// <summary>A watch whose events come as lines of a body that is still open.</summary>
internal sealed class V2Watch(RawHttp answer, Action<string?> show) : IDisposable
{
    /// <summary>Waits for the next line; a long poll ends after its one event.</summary>
    public async Task Read() => show(await answer.ReadLineAsync());

    public void Dispose() => answer.Dispose();
}
