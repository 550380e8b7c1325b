# Lets Redis's own test suite run against a server that it did not start, where its external mode alone would give up.
# The script `run` starts this file in place of the suite's tests/test_helper.tcl, inside a copy of Redis's tree;
# nothing of that copy is changed. These things are different from what the suite does by itself:
#
#  1. What a unit prepares outside of a test (it fills a list, forgets all functions, sets a parameter) ends the whole
#     unit if the server refuses it. Here a refusal of what does not exist is printed as [unprepared] and passed over.
#     A test that needed it fails, and has its line in the list of what is skipped. Inside of tests only calls that
#     change how Redis keeps its data are passed over. DEBUG SET-ACTIVE-EXPIRE 0 has it leave keys that are expired,
#     which are absent all the same; DEBUG QUICKLIST-PACKED-THRESHOLD has it cut lists in another way; and CONFIG SET
#     appendonly and aof-use-rdb-preamble have it write other files.
#  2. With SUITE_OWNS_SERVER=1, tests run that the suite keeps from servers of other people: they set a password or the
#     number of clients, and count all that happens. The script's nodes are there for nothing else.
#  3. DEBUG RELOAD and DEBUG LOADAOF restart the node, which the script starts again: it loads its snapshot and its log.
#     Before RELOAD the node takes a snapshot. So what the suite tests there is the way by which data really come back.
#  4. In the tests of the file SUITE_UNJUDGED, a claim of how a value lies in memory that does not hold is printed as
#     [unjudged], and the test goes on: see skip.txt. Such claims are what assert_encoding says, and of the hash tables
#     in which Redis keeps a set the assertions that `tables` lists, word for word. Every other assertion is judged.
#  5. The process whose children a test asks for is the one that INFO names: the suite did not start it.

rename source source_file
set adapter [file normalize [info script]]

# source is how the suite reads its parts; each is adapted as soon as it is there.
proc source {path} {
    uplevel 1 [list source_file $path]
    switch $path {
        tests/support/redis.tcl {adapt_clients}
        tests/support/server.tcl {adapt_tags}
        tests/support/test.tcl {adapt_forms}
        tests/support/util.tcl {
            adapt_children
            # The suite starts itself once more, by the name of its script, as the process that runs the tests.
            info script $::adapter
        }
    }
}

# inward are the calls that only change how Redis keeps its data.
set inward {^(config set (appendonly|aof-use-rdb-preamble)|debug (set-active-expire|quicklist-packed-threshold)) }

proc adapt_clients {} {
    rename ::redis::__dispatch__ ::redis::dispatch_unadapted
    proc ::redis::__dispatch__ {id method args} {
        set way [expr {[string equal -nocase $method debug] ? [string tolower [lindex $args 0]] : ""}]
        if {$way in {reload loadaof}} {
            restart_node $id [string equal $way reload]
            return OK
        }
        set code [catch {uplevel 1 [list ::redis::dispatch_unadapted $id $method {*}$args]} result options]
        if {$code == 1 && $::cur_test eq "" && [absent $result]} {
            puts "\[unprepared\]: $method $args: $result"
            return ""
        }
        if {$code == 1 && [unjudged] && [absent $result] && [asks_of_tables "$method $args" answer]} {
            puts "\[unjudged\]: [test_name]: $method $args: $result"
            return $answer
        }
        if {$code == 1 && [regexp -nocase $::inward "$method $args"]} {
            puts "\[unprepared\]: $method $args: $result"
            return OK
        }
        return -options $options $result
    }
}

# absent tells the errors by which a server says that it has no such thing.
proc absent {error} {
    set patterns {
        "ERR unknown command*" "ERR unknown subcommand*" "ERR Unknown option or number of arguments for CONFIG SET*"
        "ERR CONFIG SET failed*this node has no other value for it"
    }
    foreach pattern $patterns {
        if {[string match -nocase $pattern $error]} {return 1}
    }
    return 0
}

# restart_node has the node of a client restart, and connects the client again, to the same database and in the same
# protocol. The settings that the test made are kept in the file of the node.
proc restart_node {id snapshot} {
    lassign $::redis::addr($id) host port
    set control [redis $host $port]
    if {$snapshot} {$control save}
    $control config rewrite
    regexp {process_id:(\d+)} [$control info server] -> before
    set leads [string match *raft_role:leader* [$control info raft]]
    catch {$control shutdown}
    $control close
    set serves 0
    for {set tries 0} {!$serves && $tries < 600} {incr tries} {
        after 50
        catch {
            set control [redis $host $port]
            $control get restarted
            regexp {process_id:(\d+)} [$control info server] -> now
            if {$leads && ![string match *raft_role:leader* [$control info raft]]} {$control cluster failover}
            set serves [expr {$now ne $before && (!$leads || [string match *raft_role:leader* [$control info raft]])}]
            $control close
        }
    }
    if {!$serves} {error "the node on port $port does not serve again"}
    close $::redis::fd($id)
    set ::redis::fd($id) {} ;# the next command connects
    set handle ::redis::redisHandle$id
    if {$::redis::testing_resp3($id)} {$handle hello 3}
    if {!$::singledb} {$handle select 9}
}

# asks_of_tables tells the calls by which a test asks for the tables of a set, or has Redis keep the second one for
# longer, and what it is told by a server that has none: nothing, so a test that waits until a table is gone goes on.
proc asks_of_tables {call answer_variable} {
    upvar $answer_variable answer
    foreach {pattern answer} {{^debug htstats-key } "" {^config set rdb-key-save-delay } OK} {
        if {[regexp -nocase $pattern $call]} {return 1}
    }
    return 0
}

# tables are the assertions about the hash tables in which Redis keeps a set, as the suite writes them.
set tables {
    {assert [is_rehashing myset]}
    {assert {[is_rehashing myset]}}
    {assert {[regexp {different slots: ([0-9]+)} $htstats - different_slots]}}
    {assert {[regexp {max chain length: ([0-9]+)} $htstats - max_chain_length]}}
    {assert {$different_slots == 1 && $max_chain_length == 30}}
}

# test_name is the test that runs, as skip.txt calls it.
proc test_name {} {
    regsub { in \S+$} $::cur_test {} name
    return $name
}

# unjudged tells whether the claims of how a value lies in memory are not judged in the test that runs.
proc unjudged {} {
    return [expr {[lsearch -exact $::unjudged_tests [test_name]] >= 0}]
}

proc adapt_forms {} {
    set file [open $::env(SUITE_UNJUDGED)]
    set ::unjudged_tests [split [string trim [read $file]] "\n"]
    close $file

    rename assert_encoding assert_encoding_unadapted
    proc assert_encoding {encoding key} {
        set found [r object encoding $key]
        if {[string match $encoding $found] || ![unjudged]} {
            tailcall assert_encoding_unadapted $encoding $key
        }
        puts "\[unjudged\]: [test_name]: $key is $found, not $encoding"
    }

    rename assert assert_unadapted
    proc assert {condition} {
        if {![unjudged]} {tailcall assert_unadapted $condition}
        set written [dict get [info frame -1] cmd]
        if {$written ni $::tables} {tailcall assert_unadapted $condition}
        # What an assertion before this one did not find is a variable that is not set. Other errors are errors.
        try {
            set holds [uplevel 1 [list expr $condition]]
        } trap {TCL LOOKUP VARNAME} {} {
            set holds 0
        }
        if {!$holds} {puts "\[unjudged\]: [test_name]: $written"}
    }
}

proc adapt_children {} {
    proc get_child_pid {index} {
        regexp {process_id:(\d+)} [r $index info server] -> process
        if {[catch {exec pgrep -P $process} children]} {return ""} ;# it has none
        return [lindex $children 0]
    }
}

proc adapt_tags {} {
    if {![info exists ::env(SUITE_OWNS_SERVER)]} return
    rename tags_acceptable tags_acceptable_unadapted
    proc tags_acceptable {tags why_variable} {
        upvar $why_variable why
        return [tags_acceptable_unadapted [lsearch -all -inline -not -exact $tags external:skip] why]
    }
}

source tests/test_helper.tcl
