using System.Text;
using Conformance.Harness;
using static Conformance.Json.JsonSession;

namespace Conformance.Json;

/// <summary>
/// Seeded random bodies: right ones, ones with values of a wrong kind, and ones with a character too many, too few or another. Compared is whether they are taken, and how they
/// are refused if not. A seed that once failed stays in the list.
/// </summary>
internal static class RandomJsonScenarios
{
    private const int Steps = 60;

    private static readonly int[] s_seeds = [.. Settings.Seeds(1, 15)];

    private static readonly string[] s_wrongValues =
    [
        "null", "true", "false", "\"x\"", "\"\"", "5", "-1", "1.5", "1e3", "\"5\"", "\" 5\"", "\"-7\"", "[]", "{}", "[1]", "[null]", "{\"a\":1}", "\"YQ\"", "\"\\u0059Q==\"", "9223372036854775808",
        "\"9223372036854775807\"", "0", "-0", "\"true\"", "\"ASCEND\"", "[[]]", "0.0", "1E0", "\"1e1\"",
    ];

    private const string Marks = "{}[]\",:\\ \t\n0189-+.eEtfnul_aYQ=/é\0";

    private static readonly Field[] s_range =
    [
        new("key", Bytes), new("range_end", Bytes), new("limit", Number), new("revision", Zero), new("sort_order", Order), new("sort_target", SortBy), new("serializable", Truth),
        new("keys_only", Truth), new("count_only", Truth), new("min_mod_revision", Number), new("max_create_revision", Zero),
    ];

    private static readonly Field[] s_plainPut = [new("key", Bytes), new("value", Bytes), new("lease", Zero), new("prev_kv", Truth)];
    private static readonly Field[] s_put = [.. s_plainPut, new("ignore_value", Truth), new("ignore_lease", Truth)];

    private static readonly Field[] s_delete = [new("key", Bytes), new("range_end", Bytes), new("prev_kv", Truth)];

    private static readonly Field[] s_compare =
    [
        new("result", static random => Any(random, "\"EQUAL\"", "\"GREATER\"", "0", "3")), new("target", static random => Any(random, "\"VERSION\"", "\"MOD\"", "\"VALUE\"", "2")),
        new("key", Bytes), new("version", Number), new("range_end", Bytes),
    ];

    // Without ignore_value: etcd panics on that in a txn where there is no such key.
    private static readonly Field[] s_op =
        [new("request_range", static random => Message(random, s_range)), new("request_put", static random => Message(random, s_plainPut)), new("request_delete_range", static random => Message(random, s_delete))];

    private static readonly Field[] s_txn =
    [
        new("compare", static random => List(random, s_compare, 4)), new("success", static random => List(random, s_op, 1)), new("failure", static random => List(random, s_op, 1)),
    ];

    private static readonly (string Path, Field[] Fields)[] s_methods =
        [("/v3/kv/range", s_range), ("/v3/kv/put", s_put), ("/v3/kv/deleterange", s_delete), ("/v3/kv/txn", s_txn)];

    public static IEnumerable<Scenario<JsonSession>> All() =>
        s_seeds.Select(seed => new Scenario<JsonSession>($"random-json/seed-{seed:d2}", s => Run(s, seed)));

    private static async Task Run(JsonSession s, int seed)
    {
        var random = new Random(seed);
        for (var step = 0; step < Steps; step++)
        {
            var (path, fields) = s_methods[random.Next(s_methods.Length)];
            var body = Message(random, fields);
            await s.Post(path, random.Next(4) == 0 ? Damaged(random, body) : body);
        }
    }

    private static string Message(Random random, Field[] fields) => Message(random, fields, random.Next(1, fields.Length + 1));

    private static string Message(Random random, Field[] fields, int count)
    {
        var chosen = new List<Field>();
        for (var n = 0; n < count; n++)
            chosen.Add(fields[random.Next(fields.Length)]);
        return "{" + string.Join(',', chosen.DistinctBy(field => field.Name).Select(field => $"\"{AnyName(random, field)}\":{AnyValue(random, field)}")) + "}";
    }

    // A name that is none is passed over.
    private static string AnyName(Random random, Field field) => random.Next(24) switch { 0 => field.Name + "s", < 6 => Camel(field.Name), _ => field.Name };

    private static string AnyValue(Random random, Field field)
    {
        if (random.Next(12) != 0)
            return field.Value(random);
        var wrong = Any(random, s_wrongValues);
        // On the number of no target etcd panics, as on a message that is null.
        return (field.Name == "sort_target" && int.TryParse(wrong, out _)) || (wrong == "[null]" && s_txn.Contains(field)) ? "null" : wrong;
    }

    private static string List(Random random, Field[] fields, int count) =>
        "[" + string.Join(',', Enumerable.Range(0, random.Next(3)).Select(_ => Message(random, fields, count))) + "]";

    private static string Damaged(Random random, string body)
    {
        var at = random.Next(body.Length);
        var mark = Marks[random.Next(Marks.Length)];
        return random.Next(4) switch
        {
            0 => body.Remove(at, 1),
            1 => body.Insert(at, mark.ToString()),
            2 => body[..at],
            _ => new StringBuilder(body) { [at] = mark }.ToString(),
        };
    }

    private static string Camel(string name)
    {
        var words = name.Split('_');
        return words[0] + string.Concat(words[1..].Select(word => char.ToUpperInvariant(word[0]) + word[1..]));
    }

    private static string Any(Random random, params string[] values) => values[random.Next(values.Length)];

    private static string Bytes(Random random) => $"\"{B(Any(random, "a", "b", "c", "longer"))}\"";

    private static string Number(Random random) => Any(random, "1", "\"2\"", "0", "\"10\"", "3");

    private static string Zero(Random random) => Any(random, "0", "\"0\"");

    private static string Truth(Random random) => Any(random, "true", "false");

    private static string Order(Random random) => Any(random, "\"NONE\"", "\"ASCEND\"", "\"DESCEND\"", "1", "2");

    private static string SortBy(Random random) => Any(random, "\"KEY\"", "\"VERSION\"", "\"MOD\"", "\"VALUE\"");

    private sealed record Field(string Name, Func<Random, string> Value);
}
