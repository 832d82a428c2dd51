using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

/// <summary>Checks that stay on in release builds. A false one means that we are wrong, and the process stops.</summary>
internal static class Invariant
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Holds(
        [DoesNotReturnIf(false)] bool condition,
        [CallerArgumentExpression(nameof(condition))] string expression = "")
    {
        if (!condition)
            Fail(expression);
    }

    [DoesNotReturn]
    private static void Fail(string expression) =>
        throw new UnreachableException($"invariant broken: {expression}");
}
