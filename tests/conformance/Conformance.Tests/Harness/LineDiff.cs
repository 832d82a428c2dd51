using System.Text;

namespace Conformance.Harness;

/// <summary>A unified diff of two transcripts by longest common subsequence.</summary>
internal static class LineDiff
{
    private const int ContextLines = 4;

    /// <summary>Null when both are equal; otherwise the differing lines (<c>-</c> reference, <c>+</c> candidate) in context.</summary>
    public static string? Between(IReadOnlyList<string> reference, IReadOnlyList<string> candidate)
    {
        if (reference.SequenceEqual(candidate))
            return null;
        var marked = Mark(reference, candidate);
        var text = new StringBuilder();
        var skipped = 0;
        for (var i = 0; i < marked.Count; i++)
        {
            if (IsNearAChange(marked, i))
            {
                if (skipped > 0)
                    text.AppendLine($"  ... {skipped} equal lines");
                skipped = 0;
                text.AppendLine(marked[i]);
            }
            else
            {
                skipped++;
            }
        }
        return text.ToString();
    }

    private static bool IsNearAChange(List<string> marked, int at)
    {
        for (var i = Math.Max(0, at - ContextLines); i <= Math.Min(marked.Count - 1, at + ContextLines); i++)
        {
            if (marked[i][0] != ' ')
                return true;
        }
        return false;
    }

    private static List<string> Mark(IReadOnlyList<string> a, IReadOnlyList<string> b)
    {
        var common = CommonSuffixLengths(a, b);
        var marked = new List<string>();
        int i = 0, j = 0;
        while (i < a.Count || j < b.Count)
        {
            if (i < a.Count && j < b.Count && a[i] == b[j])
            {
                marked.Add("  " + a[i]);
                i++;
                j++;
            }
            else if (j >= b.Count || (i < a.Count && common[i + 1, j] >= common[i, j + 1]))
            {
                marked.Add("- " + a[i++]);
            }
            else
            {
                marked.Add("+ " + b[j++]);
            }
        }
        return marked;
    }

    // common[i, j] is the length of the longest common subsequence of a[i..] and b[j..].
    private static int[,] CommonSuffixLengths(IReadOnlyList<string> a, IReadOnlyList<string> b)
    {
        var common = new int[a.Count + 1, b.Count + 1];
        for (var i = a.Count - 1; i >= 0; i--)
        {
            for (var j = b.Count - 1; j >= 0; j--)
                common[i, j] = a[i] == b[j] ? common[i + 1, j + 1] + 1 : Math.Max(common[i + 1, j], common[i, j + 1]);
        }
        return common;
    }
}
