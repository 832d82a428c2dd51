using Conformance.Harness;

namespace Conformance.EtcdctlV2;

/// <summary>Commands about keys (etcdctl §1.2), their formats and errors (§1.3, §1.4).</summary>
internal static class V2CtlKeysScenarios
{
    public static IEnumerable<Scenario<V2CtlSession>> All()
    {
        yield return new("ctl2/set-get", s => s.Run("set /k v", "get /k", "get k", "set k w", "get /k", "get /none", "set /k", "set", "get", "set /k ''", "get /k", "set /a/b/c deep", "get /a/b/c", "get /a"));
        yield return new("ctl2/set-from-input", async s =>
        {
            await s.RunWithInput("from input", "set /k");
            await s.RunWithInput("two\nlines\n", "set /k");
            await s.RunWithInput("x", "mk /m");
            await s.RunWithInput("y", "update /k");
            await s.Run("get /k", "get /m");
        });
        yield return new("ctl2/set-ttl", async s =>
        {
            s.ExpectTtl(1000);
            await s.Run("set --ttl 1000 /k v", "-o extended get /k", "-o json get /k", "update --ttl 1000 /k w", "-o extended get /k", "update /k x", "-o extended get /k", "set /k v --ttl 5", "set --ttl x /k v", "set --ttl -1 /k v");
        });
        yield return new("ctl2/set-swap-with-value", s => s.Run(
            "set /k one", "set --swap-with-value one /k two", "set --swap-with-value one /k three", "get /k", "set --swap-with-value x /none y", "mkdir /d", "set --swap-with-value x /d y"));
        yield return new("ctl2/set-swap-with-index", s => s.Run(
            "set /k one", $"set --swap-with-index {s.Idx(1)} /k two", $"set --swap-with-index {s.Idx(1)} /k three", $"set --swap-with-index {s.Idx(1)} --swap-with-value no /k three",
            $"set --swap-with-index {s.Idx(2)} --swap-with-value two /k four", "get /k"));
        yield return new("ctl2/set-where-it-cannot", s => s.Run("mkdir /d", "set /d v", "set /k v", "set /k/below v", "set / v"));
        yield return new("ctl2/update", s => s.Run("update /k v", "set /k v", "update /k w", "get /k", "update /k", "update", "mkdir /d", "update /d v"));
        yield return new("ctl2/mk", s => s.Run("mk /k v", "mk /k w", "get /k", "mk /k", "mk", "mk /d/e v", "mk /k/below v", "mk --ttl 100 /t v", "mk --in-order /q one", "mk --in-order /q two", "mk --in-order /k x", "ls --sort /q", "mk --in-order --ttl 100 /q three"));
        yield return new("ctl2/directories", s => s.Run(
            "mkdir /d", "mkdir /d", "mkdir", "mkdir --ttl 100 /t", "mkdir /a/b/c", "set /f v", "mkdir /f", "mkdir /f/x", "setdir /d", "setdir /s", "setdir --ttl 100 /u", "setdir /f", "updatedir /d --ttl 100",
            "updatedir --ttl 100 /d", "updatedir /none", "updatedir /f", "updatedir", "rmdir /d", "rmdir /a", "rmdir /none", "rmdir /f", "rmdir", "ls --sort"));
        yield return new("ctl2/rm", s => s.Run(
            "set /k v", "rm /k", "rm /k", "rm", "mkdir /d", "rm /d", "rm --dir /d", "set /e/f v", "rm --dir /e", "rm --recursive /e", "set /k one", "rm --with-value two /k", "rm --with-value one /k",
            "set /k one", $"rm --with-index {s.Idx(1)} /k", $"rm --with-index {s.Idx(8)} /k", "rm -r /", "mkdir /d", "rm --with-value x /d"));
        yield return new("ctl2/rm-with-index", s => s.Run("set /k one", $"rm --with-index {s.Idx(5)} /k", $"rm --with-index {s.Idx(1)} /k", "get /k"));
        yield return new("ctl2/ls", s => s.Run(
            "ls", "set /b/one 1", "set /b/two 2", "set /a v", "mkdir /c", "set /_hidden/x v", "ls --sort", "ls --sort -p", "ls --sort --recursive", "ls --sort -r -p", "ls --sort --recursive /b", "ls --sort /b", "ls -p /a", "ls /a", "ls /none",
            "ls --sort /_hidden", "ls --sort --quorum", "ls --sort -q -p /b", "ls /c", "-o json ls /a"));
        yield return new("ctl2/get-options", s => s.Run("set /d/b 2", "set /d/a 1", "get --sort /d", "get --quorum /d/a", "get -q /none", "-o json get --sort /d", "-o extended get /d", "get /d/a extra"));
        foreach (var format in (string[])["simple", "extended", "json", "nonsense"])
        {
            yield return new($"ctl2/format-{format}", async s =>
            {
                s.ExpectTtl(1000);
                foreach (var command in (string[])
                [
                    "set /k v", "set /k w", "get /k", "mk /m v", "mk --ttl 1000 /t v", "get /t", "update /k x", "mkdir /d", "setdir /s", "updatedir --ttl 1000 /d", "ls /k", "ls --sort", "rm /k", "rm --dir /d", "get /none", "mk --in-order /q v", "set /h '<&>\"é'", "get /h",
                ])
                {
                    await s.Run($"-o {format} {command}");
                }
            });
        }
        yield return new("ctl2/usage", s => s.Run("nonsense", "set --nonsense /k v", "--no-sync set /k v", "--no-sync get /k", "--version", "get --ttl 5 /k", "import --snap x", "rm --nonsense /k"));
        // etcdctl asks its endpoints in an order of its own, another each time: both are the same one.
        yield return new("ctl2/unreachable", s => s.Run("--endpoints http://127.0.0.1:1 get /k", "--endpoints 127.0.0.1:1 set /k v", "--endpoints http://127.0.0.1:1 cluster-health", "--endpoints http://127.0.0.1:1,http://127.0.0.1:1 get /k"));
        yield return new("ctl2/debug", s => s.Run("--debug set /k v", "--debug get /k", "--debug rm /k"));
        yield return new("ctl2/unusual-keys", s => s.Run("set '/a b/c d' v", "get '/a b/c d'", "ls '/a b'", "set /é ü", "get /é", "set /a%2Fb v", "get /a%2Fb", "ls --sort --recursive", "set /x//y v", "get /x/y", "set /x/../z v", "get /z", "set '/?q' v", "get '/?q'", "set /h#i v", "get /h#i"));
    }
}
