// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The grammar of Baton: what is a declaration, a clause, an expression?
//
// Declarations are known here by their words. Clauses are not: a clause is a head, a flat list of
// arguments, and `;` or a block. What a clause means and where it may stand is the business of
// compiler/syntax/clause_table.cpp, so that a new clause needs no new grammar and a misspelt one gets a
// message of ours. Word operators (`and or not in within disjoint except`) are ordinary names here:
// arguments stand side by side and compiler/syntax/word_operators.cpp combines them.
//
//   place image within machine.rma;      head `place`, arguments  [image] [within] [machine.rma]
//   r4 in { image.base, 0 };             head `r4`,    arguments  [in] [{ image.base, 0 }]
//
// No sentence has two parses: a test runs every program of the project in exact ambiguity detection mode.
// The order of the lexer rules is the order of TokenKind in compiler/syntax/tokens.h (held by static_assert).
// The compiler scans with compiler/syntax/scan.cpp, which follows these lexer rules; a test compares the two.
grammar Baton;

file
  : languageLine? declaration* EOF
  ;

languageLine
  : Language Integer Semicolon
  ;

declaration
  : Doc* ( useLine Semicolon | letLine Semicolon | header block )
  ;

useLine
  : Use String
  ;

letLine
  : Let name Equals group
  ;

header
  : Convention versionedName ( Extends versionedName )?
  | Loader versionedName ( Extends versionedName )?
  | Machine name ( From name String? )?
  | Handoff ( own=versionedName | name ) ( Extends parent=versionedName )? ( On machine=name )? ( Via loader=versionedName )?
  ;

versionedName
  : dottedName At Integer
  ;

dottedName
  : name ( Dot name )*
  ;

block
  : LeftBrace clause* RightBrace
  ;

clause
  : Doc* statement ( Semicolon | block )
  ;

// A bound may follow the head at once (`size <= 4KiB`), since no expression starts with `<=`.
statement
  : ( Ensures | Expects ) name
  | head relation? argumentList?
  ;

head
  : dottedName
  | String
  ;

relation
  : LessEqual
  | GreaterEqual
  ;

argumentList
  : argument+ ( Comma argument+ )*
  ;

argument
  : expression
  | Equals
  | Colon
  | At Integer
  ;

// From tight to loose. A set is told from a block by what is in it: a block's clauses end in `;` or in a
// block, a set has neither and is never empty.
expression
  : expression Dot name
  | expression Star expression
  | expression ( Plus | Minus ) expression
  | expression Concat expression
  | expression ( RangeTo | RangeOf ) expression
  | expression ( EqualEqual | NotEqual | LessEqual | GreaterEqual | Less | Greater ) expression
  | Call ( callArgument ( Comma callArgument )* )? RightParen
  | LeftBrace group ( Comma group )* RightBrace
  | LeftParen group RightParen
  | Integer
  | Size
  | String
  | name
  ;

callArgument
  : ( name Colon )? group
  ;

// Side by side: operands and word operators, `machine.ram except machine.crashkernel`.
group
  : expression+
  ;

// `machine` and `loader` open declarations and are also the names of what a handoff runs on. The words in
// the last line mean something in a header only.
name
  : Name
  | Machine | Loader
  | Extends | From | On | Via
  ;

// Entry points for one piece of a file that has a mistake elsewhere, and for some clauses of a long block.
clausesAlone   : clause* EOF ;
lineAlone      : ( useLine | letLine ) EOF ;
headerAlone    : header EOF ;
statementAlone : statement EOF ;

Language   : 'language' ;
Use        : 'use' ;
Let        : 'let' ;
Convention : 'convention' ;
Machine    : 'machine' ;
Loader     : 'loader' ;
Handoff    : 'handoff' ;
Ensures    : 'ensures' ;
Expects    : 'expects' ;
Extends    : 'extends' ;
From       : 'from' ;
On         : 'on' ;
Via        : 'via' ;

Semicolon  : ';' ;
Comma      : ',' ;
Colon      : ':' ;
At         : '@' ;
Dot        : '.' ;
LeftBrace  : '{' ;
RightBrace : '}' ;
LeftParen  : '(' ;
RightParen : ')' ;

Equals       : '=' ;
EqualEqual   : '==' ;
NotEqual     : '!=' ;
LessEqual    : '<=' ;
GreaterEqual : '>=' ;
Less         : '<' ;
Greater      : '>' ;
Star         : '*' ;
Plus         : '+' ;
Minus        : '-' ;
Concat       : '++' ;
RangeTo      : '..<' ;
RangeOf      : '+:' ;
Inclusive    : '..' | '...' | '..=' ;  // no such form: caught here to be refused in words

// Exactly three slashes document the next declaration or clause; four and more are a rule of slashes.
Doc : '///' ( ~[/\r\n] ~[\r\n]* )? ;

// A call is one token up to its `(`: no blank stands between. `f (x)` are two arguments side by side.
Call    : [a-zA-Z_] [a-zA-Z0-9_]* '(' ;
Size    : Integer ( 'KiB' | 'MiB' | 'GiB' | 'TiB' ) ;
Integer : '0x' [0-9a-fA-F_]+ | [0-9] [0-9_]* ;
BadNumber : [0-9] [a-zA-Z0-9_]* ;      // `64KB`, `0b1`, `12ab`: one token, one message
Name    : [a-zA-Z_] [a-zA-Z0-9_]* ;

String         : '"' ( ~["\\\r\n] | '\\' ~[\r\n] )* '"' ;
UnclosedString : '"' ( ~["\\\r\n] | '\\' ~[\r\n] )* '\\'? ;

LineComment          : ( '//' ( ~[/\r\n] ~[\r\n]* )? | '////' ~[\r\n]* ) -> channel(HIDDEN) ;
BlockComment         : '/*' .*? '*/' ;
UnclosedBlockComment : '/*' ;
Space                : [ \t\r\n]+ -> skip ;
Stray                : . ;
