#pragma warning disable CA1032 // Made with what it tells.
namespace Standalone.V2;

/// <summary>A v2 key space has refused.</summary>
internal sealed class V2RefusedException(V2Error error) : Exception(error.ToString())
{
    public V2Error Error { get; } = error;
}
