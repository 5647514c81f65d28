namespace Iscsitop.Tests.D;

/// <summary>What expressions are: types, operators, strings, pointers. Expected values follow from C's rules and the functions' manual.</summary>
[TestFixture]
public sealed class ValueTests
{
    [TestCase("1 + 2 * 3", "7")]
    [TestCase("7 / -2", "-3")]
    [TestCase("-7 % 4", "-3")]
    [TestCase("2147483647 + 1", "-2147483648")]
    [TestCase("2147483648", "2147483648")]
    [TestCase("0xffffffff", "4294967295")]
    [TestCase("-1 < 0u", "0")]
    [TestCase("-1 < (uint8_t)0", "1")]
    [TestCase("(char)200", "-56")]
    [TestCase("(uint8_t)300 + 0", "44")]
    [TestCase("(unsigned char)1 - 2", "-1")]
    [TestCase("1u - 2", "4294967295")]
    [TestCase("(int64_t)1u - 2", "-1")]
    [TestCase("1ULL - 2 > 0", "1")]
    [TestCase("~0u", "4294967295")]
    [TestCase("~(uint8_t)0", "-1")]
    [TestCase("-1 >> 1", "-1")]
    [TestCase("(unsigned)-1 >> 28", "15")]
    [TestCase("1 << 31", "-2147483648")]
    [TestCase("1ll << 40", "1099511627776")]
    [TestCase("!5 || 0 ^^ 1", "1")]
    [TestCase("1 ^^ 1", "0")]
    [TestCase("(1, 2)", "2")]
    [TestCase("1 ? -1 : 2u", "4294967295")]
    [TestCase("sizeof (int)", "4")]
    [TestCase("sizeof (uint64_t)", "8")]
    [TestCase("sizeof (char *)", "8")]
    [TestCase("sizeof (string)", "256")]
    [TestCase("sizeof (\"abc\")", "4")]
    [TestCase("sizeof ('a')", "4")]
    [TestCase("sizeof (iscsiinfo_t) > 0", "1")]
    [TestCase("offsetof(conninfo_t, ci_remote)", "256")]
    [TestCase("\"abc\" == \"abc\"", "1")]
    [TestCase("\"abc\" < \"abd\"", "1")]
    [TestCase("\"b\" > \"abc\"", "1")]
    [TestCase("\"\" == NULL", "1")]
    [TestCase("\"x\" != NULL", "1")]
    [TestCase("ISCSI_FLAG_FINAL | ISCSI_FLAG_DATA_STATUS", "129")]
    [TestCase("strlen(\"four\")", "4")]
    [TestCase("index(\"hello\", \"l\")", "2")]
    [TestCase("index(\"hello\", \"l\", 3)", "3")]
    [TestCase("index(\"hello\", \"x\")", "-1")]
    [TestCase("index(\"hello\", \"\", 9)", "5")]
    [TestCase("rindex(\"hello\", \"l\")", "3")]
    [TestCase("rindex(\"hello\", \"l\", 2)", "2")]
    [TestCase("rindex(\"hello\", \"l\", -1)", "-1")]
    [TestCase("htons(0x1234) == 0x3412", "1")]
    [TestCase("ntohl(0x12345678)", "2018915346")]
    [TestCase("htonll(1)", "72057594037927936")]
    [TestCase("`hp_avenrun >> 8", "2")]
    [TestCase("*(int *)alloca(4)", "0")]
    [TestCase("curcpu->cpu_id + cpu", "0")]
    public void A_number(string expression, string expected) => Assert.That(Running.Value(expression), Is.EqualTo(expected));

    [TestCase("strjoin(\"a\", \"b\")", "ab")]
    [TestCase("strjoin(`release, \"x\")", "5.11x")]
    [TestCase("strchr(\"a/b/c\", '/')", "/b/c")]
    [TestCase("strrchr(\"a/b/c\", '/')", "/c")]
    [TestCase("strstr(\"a/b/c\", \"b\")", "b/c")]
    [TestCase("strstr(\"abc\", \"x\")", "")]
    [TestCase("strtok(\"a,b;c\", \",;\")", "a")]
    [TestCase("substr(\"abcdef\", 2)", "cdef")]
    [TestCase("substr(\"abcdef\", 2, 2)", "cd")]
    [TestCase("substr(\"abcdef\", -2)", "ef")]
    [TestCase("substr(\"abcdef\", 1, -2)", "bcd")]
    [TestCase("substr(\"abcdef\", -8, 4)", "ab")]
    [TestCase("substr(\"abcdef\", 9)", "")]
    [TestCase("basename(\"/usr/lib/\")", "lib")]
    [TestCase("basename(\"/\")", "/")]
    [TestCase("basename(\"\")", ".")]
    [TestCase("dirname(\"/usr/lib/\")", "/usr")]
    [TestCase("dirname(\"/usr\")", "/")]
    [TestCase("dirname(\"usr\")", ".")]
    [TestCase("cleanpath(\"/a//b/./c/../d\")", "/a/b/d")]
    [TestCase("cleanpath(\"/../..\")", "/")]
    [TestCase("lltostr(-12)", "-12")]
    [TestCase("lltostr(0)", "0")]
    [TestCase("lltostr(255, 16)", "0xff")]
    [TestCase("lltostr(8, 8)", "010")]
    [TestCase("lltostr(5, 2)", "101")]
    [TestCase("tolower(\"AbC1\")", "abc1")]
    [TestCase("toupper(\"AbC1\")", "ABC1")]
    [TestCase("stringof(\"s\")", "s")]
    [TestCase("1 ? \"yes\" : \"no\"", "yes")]
    [TestCase("execname", "iscsitop")]
    [TestCase("probename", "BEGIN")]
    [TestCase("(string)(char *)\"through\"", "through")]
    public void A_string(string expression, string expected) => Assert.That(Running.Text(expression), Is.EqualTo(expected));

    [TestCase("x = 5; x += 3; printf(\"%d\", x++ + x--);", "17")]
    [TestCase("s = \"a\"; s = strjoin(s, s); printf(\"%s\", s);", "aa")]
    [TestCase("a[1, \"x\"] = 4; a[1, \"x\"]++; printf(\"%d %d\", a[1, \"x\"], a[2, \"x\"]);", "5 0")]
    [TestCase("n[1] = \"one\"; n[2] = n[1]; n[1] = 0; printf(\"%s|%s|%d\", n[1], n[2], n[1] == NULL);", "|one|1")]
    [TestCase("this->x = (uint8_t)255; this->x++; printf(\"%d\", this->x);", "0")]
    [TestCase("self->s = \"t\"; printf(\"%s\", self->s);", "t")]
    [TestCase("x ? printf(\"a\") : printf(\"b\"); x = 1; x ? printf(\"a\") : printf(\"b\");", null)]
    [TestCase("y = 0; y ? printf(\"a\") : printf(\"b\");", "b")]
    [TestCase("this->p = (int *)alloca(12); this->p[1] = 7; *this->p = 2; printf(\"%d %d %d\", this->p[0], *(this->p + 1), this->p[2]);", "2 7 0")]
    [TestCase("this->p = (int *)alloca(12); this->q = this->p + 2; printf(\"%d\", this->q - this->p);", "2")]
    [TestCase("this->p = (uint32_t *)alloca(4); *this->p = 0x0100007f; printf(\"%s\", inet_ntoa((ipaddr_t *)this->p));", "127.0.0.1")]
    [TestCase("this->a = alloca(4); bcopy(\"abc\", this->a, 4); printf(\"%s\", stringof((char *)this->a));", null)]
    [TestCase("printf(\"%s%s%s\", strtok(\"a,b\", \",\"), strtok(NULL, \",\"), strtok(NULL, \",\"));", "ab")]
    [TestCase("a = 1; a <<= 4; a |= 1; a ^= 0x10; a *= 6; a /= 2; a %= 2; printf(\"%d\", a);", "1")]
    [TestCase("@a[1] = sum(4); @a[1] = sum(5); printa(\"%d=%@d \", @a);", "1=9 ")]
    [TestCase("@a[1] = sum(40); normalize(@a, 4); printa(\"%@d \", @a); denormalize(@a); printa(\"%@d \", @a); clear(@a); printa(\"%@d \", @a); trunc(@a); printa(\"%@d\", @a);", "10 40 0 ")]
    public void Statements(string statements, string? expected)
    {
        if (expected is null) Assert.That(() => Running.Of(statements), Throws.InstanceOf<Iscsitop.Engine.D.DCompileException>());
        else Assert.That(Running.Of(statements), Is.EqualTo(expected));
    }

    [Test]
    public void Declared_types_are_laid_out_as_C_does()
    {
        var run = new Running("""
            enum colour { RED, GREEN = 5, BLUE };
            struct point { char tag; int x; short y[3]; };
            typedef struct point point_t;
            union either { char c; long l; };
            inline int TWICE = BLUE * 2;
            inline string WORD = "w";
            string names[uchar_t];
            int total;
            BEGIN
            {
                names[200] = "n";
                total = 0x7fffffff; total++;
                this->p = (point_t *)alloca(sizeof (point_t));
                this->p->x = -3; this->p->y[1] = 9;
                printf("%d %d %d %d %s %s %d %d %d", sizeof (struct point), offsetof(point_t, y), sizeof (union either),
                    TWICE, WORD, names[200], total, this->p->x, this->p->y[1]);
            }
            """).Begin();
        Assert.That(run.Output, Is.EqualTo("16 8 8 12 w n -2147483648 -3 9"));
    }

    [Test]
    public void Arguments_are_typed_by_the_probe()
    {
        var run = new Running("""
            scsi-command { printf("%s %s %s %s %d %x %d %d %d %d", args[0]->ci_local, args[0]->ci_protocol, args[1]->ii_target, args[1]->ii_isid,
                args[1]->ii_lun, *args[2]->ic_cdb, args[2]->ic_cdb[0] == 0x2a, args[2]->ic_len, arg0, args[1]->ii_edtl); }
            xfer-start { printf("|%d %d %d %d %s", arg1, args[2]->xfer_len, args[2]->xfer_type, arg6, arg8 ? "R" : "W"); }
            """).Begin();
        run.Command(opcode: 0x2a).Transfer(write: true).Transfer(write: false);
        Assert.That(run.Output, Is.EqualTo("192.0.2.1 ipv4 iqn.2026-11.example:t 400000370000 3 2a 1 16 5 4096|99 8192 1 8192 W|99 8192 0 8192 R"));
    }

    [Test]
    public void Arg1_is_the_same_in_a_command_and_in_what_answers_it()
    {
        var other = Running.Connection with { Id = 6 };
        var run = new Running("scsi-command { t[arg1] = args[0]->ci_remote; } scsi-response { printf(\"%s %x;\", t[arg1], arg1); }").Begin();
        run.Command(8).Command(8, connection: other with { Remote = "192.0.2.8:4000" }).Response(8).Response(9).Response(8, other);
        Assert.That(run.Output, Is.EqualTo("192.0.2.7 500000008; 500000009;192.0.2.8 600000008;"));
    }

    [Test]
    public void The_load_is_the_hosts_unless_it_is_given()
    {
        Assert.That(Running.Value("`hp_avenrun[0]"), Is.EqualTo("512"));
        var run = new Running("BEGIN { printf(\"%d\", `hp_avenrun[2] < 10000 * 65536); trace(`hp_avenrun[3]); }", kernel: new Dictionary<string, string>()).Begin();
        Assert.That(run.Output, Is.Empty);
        Assert.That(run.Errors.Single(), Does.Contain("invalid address (0x3) in action #2"));
        Assert.That(new Running("BEGIN { printf(\"%d\", `hp_avenrun[2] < 10000 * 65536); }", kernel: new Dictionary<string, string>()).Begin().Output, Is.EqualTo("1"));
    }

    [Test]
    public void A_constant_that_its_type_cannot_hold_is_whole() =>
        Assert.That(new Running("inline int DAY = 86400000000000; BEGIN { printf(\"%d %d\", DAY, DAY / 1000000000); }").Begin().Output, Is.EqualTo("86400000000000 86400"));

    [Test]
    public void A_pointer_that_was_kept_is_good_at_its_probe_only()
    {
        var run = new Running("""
            scsi-command { self->c = args[2]->ic_cdb; self->i = args[1]; printf("%d %d;", self->c[0], self->i->ii_itt); }
            scsi-response { printf("%d;", self->i->ii_itt); }
            scsi-response { printf("%d", self->c[0]); }
            """).Begin();
        run.Command(8).Response(9);
        Assert.That(run.Output, Is.EqualTo("40 8;9;"));
        Assert.That(run.Errors.Single(), Does.Contain("invalid address (0x7e0000000000) in action #1"));
    }

    [Test]
    public void A_CDB_ends_where_it_ends()
    {
        var run = new Running("scsi-command { printf(\"%d\", args[2]->ic_cdb[15]); } scsi-command { trace(args[2]->ic_cdb[16]); }").Begin().Command();
        Assert.That((run.Output, run.Errors.Count), Is.EqualTo(("0", 1)));
    }

    [Test]
    public void Strings_are_cut_at_strsize()
    {
        var run = new Running("BEGIN { s = \"abcdef\"; printf(\"%s %d\", s, sizeof (s)); }", new Iscsitop.Engine.D.DOptions { Quiet = true, StrSize = 4 }).Begin();
        Assert.That(run.Output, Is.EqualTo("abc 4"));
    }

    [Test]
    public void Scratch_memory_ends()
    {
        var run = new Running("BEGIN { this->a = alloca(60000); this->b = alloca(60000); } BEGIN { alloca(60000); printf(\"again\"); }").Begin();
        Assert.That(run.Errors.Single(), Does.Contain("out of scratch space in action #2"));
        Assert.That(run.Output, Is.EqualTo("again"));
    }

    [Test]
    public void Inlines_may_have_parameters()
    {
        var run = new Running("inline int twice[int a] = a + a; inline string of[string s, int n] = n ? s : \"none\"; BEGIN { x = 4; printf(\"%d %s %s\", twice[twice[x]], of[\"s\", x], of[\"s\", 0]); }").Begin();
        Assert.That(run.Output, Is.EqualTo("16 s none"));
    }

    [Test]
    public void Inlines_of_inlines_have_an_end()
    {
        string doubled = string.Concat(Enumerable.Range(1, 40).Select(i => $"inline long a{i} = a{i - 1} + a{i - 1};"));
        Assert.That(Running.Fails($"inline long a0 = timestamp; {doubled} BEGIN {{ trace(a40); }}"), Does.StartWith("[D_TOOBIG]"));
        string deep = string.Concat(Enumerable.Range(1, 2000).Select(i => $"inline long a{i} = 1 + a{i - 1};"));
        Assert.That(Running.Fails($"inline long a0 = timestamp; {deep} BEGIN {{ trace(a2000); }}"), Does.StartWith("[D_TOOBIG]"));
    }

    [Test]
    public void A_struct_of_the_provider_is_printed()
    {
        string output = new Running("scsi-command { print(*args[0]); print(*args[1]); }").Begin().Command(77).Output;
        Assert.That(output, Does.Contain("string ci_remote = [ \"192.0.2.7\" ]").And.Contain("uint32_t ii_itt = 0x4d"));
    }

    // The clauses of published scripts that ask most of the language.
    [Test]
    public void Scripts_of_others_run()
    {
        var run = new Running("""
            #pragma D option quiet
            string scsi_cmd[uchar_t];
            inline int OPT_one = 1;
            dtrace:::BEGIN { scsi_cmd[0x28] = "read(10)"; printf("Tracing...\n") }
            iscsi*:::scsi-command
            {
                this->code = *args[2]->ic_cdb;
                this->cmd = scsi_cmd[this->code] != NULL ? scsi_cmd[this->code] : lltostr(this->code);
                @[args[0]->ci_remote, this->cmd] = count();
                OPT_one ? @one = count() : 1;
                @total = sum(args[1]->ii_datalen);
                self->ts = timestamp;
                ticks = 3;
            }
            iscsi*:::data-send /self->ts && (args[1]->ii_flags & ISCSI_FLAG_FINAL)/
            {
                @lat["us"] = quantize((timestamp - self->ts) / 1000);
                bytes += args[1]->ii_datalen;
                self->ts = 0;
            }
            profile:::tick-1sec /ticks > 0/ { ticks--; }
            dtrace:::END { printa("   %-26s %14s %@8d\n", @); printf("%d %d", bytes, ticks); trunc(@lat); }
            """).Begin();
        run.At(1_000).Command(1).At(9_000).DataIn(1).Command(2, opcode: 0x35).Advance(1_000_000_000).End();
        Assert.That(run.Output, Is.EqualTo("Tracing...\n   192.0.2.7                              53        1\n   192.0.2.7                        read(10)        1\n4096 2"));
        Assert.That(run.Aggregations(), Is.EqualTo("\n                2\n                0\n"));
    }
}
