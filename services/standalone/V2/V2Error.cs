using System.Globalization;

namespace Standalone.V2;

/// <summary>A refusal by a v2 key space.</summary>
internal sealed record V2Error(int Code, string Message, string Cause, ulong Index)
{
    public const int KeyNotFound = 100, NotAFile = 102, NotADirectory = 104, NodeExists = 105, IndexCleared = 401;

    /// <summary>As etcd's client prints it.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Code}: {Message} ({Cause}) [{Index}]");
}
