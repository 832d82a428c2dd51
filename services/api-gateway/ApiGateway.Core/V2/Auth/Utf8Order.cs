using System.Text;

namespace ApiGateway.Core.V2.Auth;

/// <summary>The order of strings by their bytes in UTF-8, in which Go sorts.</summary>
public sealed class Utf8Order : IComparer<string>
{
    public static Utf8Order Instance { get; } = new();

    public int Compare(string? x, string? y) => Encoding.UTF8.GetBytes(x ?? "").AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(y ?? ""));
}
